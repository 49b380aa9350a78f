/* SPDX-License-Identifier: Apache-2.0 */
/* Every limit of this folder; sizes of events and answers are in env/channel.h. */
#pragma once

#define GATEWAY_QUEUE_MAX       100 /* events that wait */
#define GATEWAY_CONNECTIONS_MAX 256 /* of clients */
#define GATEWAY_OWN_FILES       32  /* descriptors that are no clients */
#define GATEWAY_BACKLOG         128 /* connections not accepted yet */
#define GATEWAY_CONNECTION_MEMORY \
    (64L << 10)                            /* of one connection: its headers, a piece of its body */
#define GATEWAY_PATIENCE_MS    120000      /* a client's for each of its steps: see api/http.h */
#define GATEWAY_DRAIN_MAX      (64L << 20) /* bytes of a refused body that are read */
#define GATEWAY_HELD_MAX       (64L << 20) /* bytes of all events and answers that wait */
#define GATEWAY_TRACE_MAX      256         /* of a trace id */
#define GATEWAY_CONTEXT_MAX    3583        /* of a client context in base64, as Lambda counts */
#define GATEWAY_HANDLER_MAX    128         /* of a handler's name, as Lambda counts */
#define GATEWAY_TIMEOUT_MS     300000      /* of an event unless set, as AWS's emulator has it */
#define GATEWAY_TIMEOUT_MAX_MS 86400000    /* platforms allow more than Lambda's 15 minutes */
#define GATEWAY_TIMEOUT_MIN_MS 50          /* less is no time to start a process in */
#define GATEWAY_INIT_MS        10000       /* of an init at least, Lambda's limit */
#define GATEWAY_INIT_GRACE_MS  200         /* for a runtime to end after its init/error */
#define GATEWAY_SETTLE_MS      10          /* what a process that ended has sent is heard first */
#define GATEWAY_STOP_MS        2000        /* from SIGTERM to SIGKILL, as Lambda with extensions */
#define GATEWAY_FLUSH_MS       2000        /* then: for clients to take their answers */
#define GATEWAY_RESTART_MS     1000        /* between starts that no event has asked for */
#define GATEWAY_MEMORY_MB      1024        /* told to the function where nothing limits it */
