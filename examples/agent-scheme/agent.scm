#!/usr/bin/guile \
--no-auto-compile -s
!#
;;; An agent in Scheme, written from docs/protocol.md: counters that outlive their process.
;;;
;;;     solo deploy --file examples/agent-scheme/solo.toml
;;;     solo call counters add '{"name": "visits", "amount": 3}'
;;;     solo call counters value '"visits"'
;;;
;;; `add` is answered when it is on the disk: logged, acknowledged, and only then carried out.

(add-to-load-path (dirname (current-filename)))
(use-modules (messagepack)
             (ice-9 binary-ports)
             (ice-9 match)
             (ice-9 threads)
             ((rnrs base) #:select (vector-for-each))
             (rnrs bytevectors))

;;; Frames

(define input (current-input-port))
(define output (current-output-port))
;; Whatever else prints must not get between the frames.
(set-current-output-port (current-error-port))
(define writing (make-mutex 'recursive))

(define (read-frame)
  (let ((head (get-bytevector-n input 4)))
    (if (or (eof-object? head) (< (bytevector-length head) 4))
        (exit 1)
        (unpack (get-bytevector-n input (bytevector-u32-ref head 0 (endianness big)))))))

(define (write-frame value)
  (let* ((payload (pack value))
         (head (make-bytevector 4)))
    (bytevector-u32-set! head 0 (bytevector-length payload) (endianness big))
    (with-mutex writing
      (put-bytevector output head)
      (put-bytevector output payload)
      (force-output output))))

;; Joins chunks. A hello makes those of an unfinished message void, and so does the first chunk of another one.
(define (read-message)
  (let loop ((chunks '()))
    (let* ((message (read-frame))
           (type (field message "type")))
      (cond
       ((not (equal? type "chunk"))
        (if (and (pair? chunks) (not (equal? type "hello")))
            (begin (handle message) (loop chunks))
            message))
       ((field message "last") (unpack (join (reverse (cons (field message "data") (after message chunks))))))
       (else (loop (cons (field message "data") (after message chunks))))))))

(define (after message chunks)
  (if (zero? (field message "index")) '() chunks))

(define (join parts)
  (call-with-values open-bytevector-output-port
    (lambda (port take)
      (for-each (lambda (part) (put-bytevector port part)) parts)
      (take))))

(define (send type . fields)
  (write-frame `(("type" . ,type) ("timestamp" . ,(current-time)) ,@fields)))

(define* (field map key #:optional (default 'nil))
  (let ((entry (assoc key map)))
    (if entry (cdr entry) default)))

;;; State

(define counters '())
(define sequence 0)
;; Entries that are not acknowledged yet, oldest first: (sequence entry . what to do then)
(define unkept '())
(define ready? #f)
(define checkpointed 0)

(define (add! name amount)
  (set! counters (assoc-set! counters name (+ amount (field counters name 0)))))

(define (log! params then)
  (set! sequence (+ sequence 1))
  (let ((entry `(("operation" . "add") ("params" . ,params) ("sequence" . ,sequence))))
    (set! unkept (append unkept (list (cons* sequence entry then))))
    (send "wal_entry" (cons "data" entry))))

(define (carry-out! params)
  (add! (field params "name") (field params "amount")))

(define (checkpoint!)
  (set! checkpointed (- sequence (length unkept)))
  (send "checkpoint"
        `("data" . (("agent_state" . (("id" . ,(getenv "SOLO_INSTANCE")) ("status" . "idle")))
                    ("counters" . ,counters)
                    ("sequence" . ,checkpointed)))
        `("metadata" . (("sequence" . ,checkpointed)))))

;;; What the kernel says

(define (handle message)
  (match (field message "type")
    ("hello" (greet (field message "data")))
    ("restore" (restore message))
    ("wal_flush_ack" (kept (field message "sequence")))
    ("process_request" (answer (field message "request_id") (field message "data")))
    ("shutdown"
     (if (field message "create_checkpoint")
         (begin (set! leaving? #t) (checkpoint!))
         (exit 0)))
    ((or "checkpoint_ack" "error")
     (when (equal? (field message "type") "error")
       (format (current-error-port) "~a~%" (field (field message "error") "message")))
     (when leaving? (exit 0)))
    (_ #f)))

(define leaving? #f)

(define (greet hello)
  (with-mutex writing
    (write-frame (field hello "session"))
    (send "hello" '("version" . 2) '("data" . (("name" . "Guile") ("methods" . #("add" "value")))))
    (when (field hello "resume")
      (for-each (lambda (each) (send "wal_entry" (cons "data" (cadr each)))) unkept))))

(define (restore message)
  (let ((snapshot (field message "snapshot")))
    (set! counters (if (eq? snapshot 'nil) '() (field snapshot "counters")))
    (set! sequence (if (eq? snapshot 'nil) 0 (field snapshot "sequence")))
    (set! checkpointed sequence)
    (set! unkept '()))
  (vector-for-each
   (lambda (entry)
     (carry-out! (field entry "params"))
     (set! sequence (field entry "sequence")))
   (field message "wal_entries"))
  (format (current-error-port) "~a counters after ~a entries~%" (length counters) sequence)
  (send "heartbeat")
  (set! ready? #t))

(define (kept up-to)
  (let loop ()
    (when (and (pair? unkept) (<= (car (car unkept)) up-to))
      (let ((then (cddr (car unkept))))
        (set! unkept (cdr unkept))
        (then)
        (loop))))
  (when (>= (- up-to checkpointed) 1000) (checkpoint!)))

(define (answer id request)
  (let ((params (field request "context")))
    (match (field request "message")
      ("add"
       (log! params
             (lambda ()
               (carry-out! params)
               (respond id (field counters (field params "name"))))))
      ("value" (respond id (field counters params 0)))
      (method
       (send "process_response" (cons "request_id" id)
             `("error" . (("code" . "UNKNOWN_METHOD") ("message" . ,(string-append "there is no method " method)))))))))

(define (respond id value)
  (send "process_response" (cons "request_id" id) (cons "data" value)))

;;; Life

(call-with-new-thread
 (lambda ()
   (let loop ()
     (sleep 1)
     (when ready? (send "heartbeat"))
     (loop))))

(let loop ()
  (handle (read-message))
  (loop))
