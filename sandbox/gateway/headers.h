/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of a client in the form that a runtime gets them. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gateway/limits.h"

/* Lambda's trace id: the text of X-Amzn-Trace-Id when it has that form, else what a traceparent of
 * W3C says in it. NULL or malformed headers are no error: "" then. */
void headers_trace(const char *amzn, const char *traceparent,
                   char out[static GATEWAY_TRACE_MAX + 1]);

/* What X-Amz-Client-Context holds, decoded, to be freed; white space around and in it that no
 * header may hold becomes spaces. NULL: it is no base64, is empty, too long or holds a NUL. */
char *headers_client_context(const char *text);
