/* SPDX-License-Identifier: Apache-2.0 */
/* Every limit of this folder; the size of an answer is ENV_RESPONSE_MAX of env/channel.h. */
#pragma once

#define API_CONNECTIONS_MAX 64          /* of one environment */
#define API_BACKLOG         64          /* connections not accepted yet */
#define API_ACCEPTS_MAX     16          /* accepted in one turn of the event loop */
#define API_RUNS_MAX        256         /* turns of libmicrohttpd in one turn of the event loop */
#define API_TURN_MS         5           /* no more begins after this: others have their turn */
#define API_DRAIN_MAX       (64L << 20) /* bytes of a refused body read before the connection closes */
#define API_STREAM_MAX      (200L << 20) /* the same of a streamed body, which Lambda lets be longer */
#define API_BODY_KEEP       (256L << 10) /* memory kept for the next answer's body */
#define API_ERROR_TYPE_MAX  256          /* of Lambda-Runtime-Function-Error-Type */

/* Memory of one connection: request line and headers (64 KiB of X-Ray cause among them) and the
 * buffer that bodies are read through. libmicrohttpd clears it after each request. */
#define API_CONNECTION_MEMORY (96L << 10)
