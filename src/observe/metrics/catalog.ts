/** Upper bounds of a histogram's buckets in seconds. */
const requestBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
const startBounds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

interface Declaration {
  readonly type: "counter" | "gauge" | "histogram" | "summary";
  readonly labels: readonly string[];
  readonly help: string;
  readonly bounds?: readonly number[];
}

/**
 * Every metric there is: what is not declared here can't be measured, and `docs/metrics.md` tells of each (a test compares).
 * Units are seconds and bytes, as Prometheus asks for.
 */
export const catalog = {
  process_cpu_seconds_total: counter("Processor time of the kernel's process, user and system."),
  process_resident_memory_bytes: gauge("Resident memory of the kernel's process."),
  process_virtual_memory_bytes: gauge("Virtual memory of the kernel's process."),
  process_open_fds: gauge("Open files of the kernel's process."),
  process_max_fds: gauge("How many files the kernel's process may open."),
  process_start_time_seconds: gauge("When the kernel's process started, since 1970."),
  solo_build_info: gauge("1, with the version and commit of this build.", "version", "commit"),
  solo_uptime_seconds: gauge("How long this kernel has run."),
  solo_health_check: gauge("1 for the status that a part of the kernel has now, by part.", "check", "status"),

  solo_active_services: gauge("Services that are wanted to run.", "tenant"),
  solo_services: gauge("Services by state.", "tenant", "state"),
  solo_service_replicas: gauge("Instances that a service is to have.", "tenant", "service"),
  solo_service_ready_instances: gauge("Instances that are ready.", "tenant", "service"),
  solo_service_restarts_total: counter("Restarts of a service's present instances.", "tenant", "service"),
  solo_service_memory_bytes: gauge("Resident memory of a service's instances.", "tenant", "service"),
  solo_service_uptime_seconds: gauge("Of the oldest process of a service.", "tenant", "service"),
  solo_service_startup_seconds: histogram("From the start of a process to ready.", startBounds, "tenant", "service"),
  solo_instance_state: gauge("1 for the state that an instance is in.", "tenant", "service", "instance", "state"),
  solo_instance_memory_bytes: gauge("Resident memory of an instance's processes.", "tenant", "service", "instance"),
  solo_instance_cpu_ratio: gauge("Processor use of an instance; 1 is one core.", "tenant", "service", "instance"),
  solo_instance_in_flight: gauge("Requests and calls that an instance has in work.", "tenant", "service", "instance"),
  solo_instance_restarts_total: counter("Restarts of an instance.", "tenant", "service", "instance"),

  solo_service_queue_length: gauge("Messages that wait in a service's mailbox.", "tenant", "service"),
  solo_service_queue_limit: gauge("Messages that may wait in a service's mailbox.", "tenant", "service"),
  solo_service_in_flight: gauge("Calls that a service has in work.", "tenant", "service"),
  solo_service_messages_total: counter(
    "Messages to a service: delivered, refused, expired.",
    "tenant",
    "service",
    "outcome",
  ),
  solo_circuit_breakers: gauge("Breakers before a service, by state.", "tenant", "service", "state"),
  solo_calls_total: counter("Calls of a service's methods: done, refused, failed.", "tenant", "service", "outcome"),
  solo_call_duration_seconds: histogram("How long calls took, waiting included.", requestBounds, "tenant", "service"),

  solo_ingress_requests_total: counter(
    "Requests by class of status; cut: the client went.",
    "tenant",
    "service",
    "code",
  ),
  solo_ingress_request_duration_seconds: histogram(
    "From the head of a request to the end of its response; under load of 500 requests a second.",
    requestBounds,
    "tenant",
    "service",
  ),
  solo_instance_requests_total: counter(
    "Requests of the ingress to an instance by class of status; cut: the client went.",
    "tenant",
    "service",
    "instance",
    "code",
  ),
  solo_instance_request_duration_seconds: histogram(
    "Of those, from the head of a request to the end of its response.",
    requestBounds,
    "tenant",
    "service",
    "instance",
  ),
  solo_ingress_errors_total: counter(
    "Requests that the ingress itself answered with 5xx or cut off.",
    "tenant",
    "service",
  ),
  solo_ingress_in_flight: gauge("Requests that a service has from the ingress.", "tenant", "service"),
  solo_ingress_waiting: gauge("Requests that wait for a ready instance.", "tenant", "service"),
  solo_ingress_unrouted_total: counter("Requests that led to no service, by status.", "code"),
  solo_ingress_connections: gauge("Open connections of clients."),

  solo_in_flight: gauge("Operations and calls in flight.", "tenant", "kind"),
  solo_in_flight_limit: gauge("How many operations and calls may be in flight.", "kind", "bound"),
  solo_shed_total: counter("Operations and calls that were refused because too many were in flight.", "kind"),
  solo_operations_total: counter("Operations of the API: done, refused, failed.", "tenant", "operation", "outcome"),
  solo_operation_duration_seconds: histogram("How long operations took.", startBounds, "operation"),
  solo_grpc_request_duration_seconds: histogram(
    "How long requests of the gRPC API took.",
    requestBounds,
    "method",
    "code",
  ),
  solo_deployment: summary(
    "Deployments and the seconds they took: solo_deployment_count, solo_deployment_sum.",
    "tenant",
  ),
  solo_deployments_total: counter("Deployments: done, refused, failed.", "tenant", "outcome"),
  solo_kills_total: counter("Services that were killed: done, refused, failed.", "tenant", "outcome"),
  solo_status_checks_total: counter("Times that the status of a service was asked for.", "tenant", "outcome"),
  solo_hot_swap: summary("Reloads of running agents, and the seconds they took.", "tenant"),
  solo_capability_verifications_total: counter("Capabilities that were shown: granted, denied.", "outcome"),
  solo_capability_grants_total: counter("Capabilities that were granted, attenuated or delegated.", "tenant"),
  solo_vault_accesses_total: counter("Operations on secrets: done, refused, failed.", "tenant", "outcome"),
  solo_resource_checks_total: counter("Times that instances were held against their limits."),

  solo_rollouts: gauge("Rollouts that are under way.", "tenant"),
  solo_rollouts_rolled_back_total: counter("Rollouts that undid themselves.", "tenant", "service"),
  solo_events_total: counter("Events, by name.", "tenant", "event"),
  solo_events_dropped_total: counter("Events lost because the disk took none."),
  solo_audit_unrecorded_total: counter("Outcomes and refusals that the audit trail could not record."),
  solo_checkpoints_created_total: counter("Checkpoints that were made, by reason.", "tenant", "service", "reason"),
  solo_checkpoints_failed_total: counter("Checkpoints that could not be made.", "tenant", "service"),
  solo_checkpoints_restored_total: counter("Restores of a service's state.", "tenant", "service"),
  solo_checkpoint_stored_bytes_total: counter("Bytes of the files of checkpoints that were made.", "tenant", "service"),
  solo_log_bytes: gauge("Kept log lines of all services, on disk."),
  solo_log_limit_bytes: gauge("What kept log lines of all services may take."),

  solo_state_keys: gauge("Keys of a service's state.", "tenant", "service"),
  solo_state_bytes: gauge("Keys and values of a service's state.", "tenant", "service"),
  solo_state_wal_bytes: gauge("The write-ahead log of a service's state.", "tenant", "service"),
  solo_state_wal_entries: gauge("Entries of that log.", "tenant", "service"),
  solo_state_position: gauge("Position of the last entry.", "tenant", "service"),
  solo_state_unflushed_entries: gauge("Entries that the table on disk does not have yet.", "tenant", "service"),
  solo_state_last_flush_timestamp_seconds: gauge(
    "When the table on disk was brought up to date last.",
    "tenant",
    "service",
  ),
  solo_store_log_begin_address: gauge("Where the write-ahead log begins.", "tenant", "service"),
  solo_store_log_committed_address: gauge("Up to where it is durable.", "tenant", "service"),
  solo_store_log_tail_address: gauge("Where it ends.", "tenant", "service"),
  solo_store_log_commits_total: counter("Commits of it since it was opened.", "tenant", "service"),
  solo_store_log_buffered_bytes: gauge("Of its entries that are not durable yet.", "tenant", "service"),
  solo_store_index_entries: gauge("Entries of the table's index, while the table is open.", "tenant", "service"),
  solo_store_memory_in_use_bytes: gauge("Memory of the table.", "tenant", "service"),
  solo_store_disk_bytes: gauge("Files of the table.", "tenant", "service"),
  solo_store_hlog_tail_address: gauge("Where the table's hybrid log ends.", "tenant", "service"),
  solo_store_read_hits_total: counter("Reads of the table that its cache answered.", "tenant", "service"),
  solo_store_read_misses_total: counter("Reads of the table that went to the disk.", "tenant", "service"),
  solo_store_auto_flush_runs_total: counter("Flushes of the table in the background.", "tenant", "service"),

  solo_metrics_dropped_series: gauge("Series left out because a metric has too many.", "metric"),
  solo_metrics_dropped_observations_total: counter("Observations of series beyond the bound.", "metric"),
  solo_telemetry_exported_total: counter("Spans that the OTLP endpoint took."),
  solo_telemetry_dropped_total: counter("Spans that were dropped: queue full, or not taken.", "reason"),
} as const satisfies Record<string, Declaration>;

export type MetricName = keyof typeof catalog;
type NamesOf<Type extends Declaration["type"]> = {
  [Name in MetricName]: (typeof catalog)[Name]["type"] extends Type ? Name : never;
}[MetricName];
export type CounterName = NamesOf<"counter">;
export type ScalarName = NamesOf<"counter" | "gauge">;
export type DistributionName = NamesOf<"histogram" | "summary">;

/** A value for each label of a metric; an empty one stands for none. */
export type LabelsOf<Name extends MetricName> = {
  readonly [Label in (typeof catalog)[Name]["labels"][number]]: string;
};

function counter<const Labels extends string[]>(help: string, ...labels: Labels) {
  return { type: "counter", labels, help } as const;
}

function gauge<const Labels extends string[]>(help: string, ...labels: Labels) {
  return { type: "gauge", labels, help } as const;
}

function summary<const Labels extends string[]>(help: string, ...labels: Labels) {
  return { type: "summary", labels, help } as const;
}

function histogram<const Labels extends string[]>(help: string, bounds: readonly number[], ...labels: Labels) {
  return { type: "histogram", labels, help, bounds } as const;
}
