"""Calls a gRPC server by what its reflection tells, as JSON lines say on stdin; answers as JSON lines on stdout.

A request: {"id", "method": "package.Service/Method", "message": {…} or "raw": base64, "metadata": {…}, "timeout_s",
"cancel_after": messages, "at_most": messages}. Answers: {"id", "message"} for each message, then
{"id", "code", "details", "status_details": [{"type", …}], "initial": {…}}. {"id", "describe": true} lists the methods.
"""
import base64, json, sys, threading
import grpc
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, duration_pb2, json_format, message_factory

target, reflection = sys.argv[1], sys.argv[2]
options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
if len(sys.argv) > 3:
    read = lambda path: open(path, "rb").read() if path else None
    ca, key, cert = (sys.argv[3:] + ["", ""])[:3]
    channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(read(ca), read(key), read(cert)), options)
else:
    channel = grpc.insecure_channel(target, options)
pool = descriptor_pool.DescriptorPool()
print_lock = threading.Lock()


def say(document):
    with print_lock:
        print(json.dumps(document), flush=True)


def fields(data):
    """The fields of a message whose type is not known yet: number and bytes, or number and integer."""
    at = 0
    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
    while at < len(data):
        tag = varint()
        value = varint()
        if tag & 7 == 2:
            value, at = data[at : at + value], at + value
        yield tag >> 3, value


def reflect(field, text):
    ask = channel.stream_stream(f"/{reflection}/ServerReflectionInfo", request_serializer=bytes, response_deserializer=bytes)
    request = bytes([field << 3 | 2, len(text)]) + text.encode()
    for answer in ask(iter([request]), timeout=20):
        return dict(fields(answer))


def services():
    listed = reflect(7, "*")
    return [dict(fields(value))[1].decode() for number, value in fields(listed[6]) if number == 1]


def load(symbol):
    for _, file in fields(reflect(4, symbol)[4]):
        descriptor = descriptor_pb2.FileDescriptorProto.FromString(file)
        try:
            pool.Add(descriptor)
        except TypeError:
            pass


factory = message_factory.MessageFactory(pool)
details_pool = descriptor_pool.DescriptorPool()


def status_details(error):
    """`google.rpc.Status`, field by field: its own types are not among what is installed."""
    for key, value in error.trailing_metadata() or []:
        if key == "grpc-status-details-bin":
            found = []
            for number, packed in fields(value):
                if number != 3:
                    continue
                detail = any_pb2.Any.FromString(packed)
                found.append({"type": detail.type_url.split("/")[-1], **explain(detail)})
            return found
    return []


def explain(detail):
    kind = detail.type_url.split(".")[-1]
    read = [(number, value) for number, value in fields(detail.value)]
    if kind == "ErrorInfo":
        pairs = [dict(fields(value)) for number, value in read if number == 3]
        return {"reason": dict(read)[1].decode(), "domain": dict(read)[2].decode(),
                "metadata": {pair[1].decode(): pair.get(2, b"").decode() for pair in pairs}}
    if kind == "RetryInfo":
        return {"retry_ms": duration_pb2.Duration.FromString(read[0][1]).ToMilliseconds()}
    if kind == "BadRequest":
        return {"field": dict(fields(read[0][1]))[1].decode()}
    return {"request_id": read[0][1].decode()}


def call(request):
    service, name = request["method"].split("/")
    method = pool.FindServiceByName(service).FindMethodByName(name)
    output = factory.GetPrototype(method.output_type)
    if "raw" in request:
        data = base64.b64decode(request["raw"])
    else:
        data = json_format.ParseDict(request.get("message", {}), factory.GetPrototype(method.input_type)()).SerializeToString()
    proto = descriptor_pb2.MethodDescriptorProto()
    method.CopyToProto(proto)
    make = channel.unary_stream if proto.server_streaming else channel.unary_unary
    invoke = make("/" + request["method"], request_serializer=bytes, response_deserializer=output.FromString)
    metadata = list(request.get("metadata", {}).items())
    timeout = request.get("timeout_s", 60)
    tell = lambda message: say({"id": request["id"], "message": json_format.MessageToDict(
        message, including_default_value_fields=True, preserving_proto_field_name=True)})
    end = {"id": request["id"], "code": "OK", "details": "", "status_details": []}
    try:
        if proto.server_streaming:
            answer = invoke(data, timeout=timeout, metadata=metadata)
            count = 0
            for message in answer:
                tell(message)
                count += 1
                if count == request.get("cancel_after"):
                    answer.cancel()
        else:
            message, answer = invoke.with_call(data, timeout=timeout, metadata=metadata)
            tell(message)
    except grpc.RpcError as error:
        answer = error
        end.update(code=error.code().name, details=error.details(), status_details=status_details(error))
    initial = answer.initial_metadata() if answer is not None else None
    say({**end, "initial": dict(initial or [])})


def serve(request):
    try:
        if request.get("describe"):
            found = [{"method": f"{name}/{method.name}"} for name in names for method in pool.FindServiceByName(name).methods]
            say({"id": request["id"], "code": "OK", "methods": found})
        else:
            call(request)
    except Exception as error:
        say({"id": request["id"], "code": "CLIENT_FAILED", "details": repr(error)})


names = services()
for name in names:
    load(name)
say({"id": "ready", "code": "OK", "services": names})
for line in sys.stdin:
    threading.Thread(target=serve, args=(json.loads(line),), daemon=True).start()
