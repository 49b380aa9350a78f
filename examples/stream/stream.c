/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of JSON, each on its way to the caller as soon as it is made, behind an HTTP status and
 * headers. */
#include <lambda.h>
#include <stdio.h>
#include <stdlib.h>

#define ROWS_MAX 100000

static int send_rows(lambda_ctx *ctx, long rows)
{
    char line[64];
    for (long i = 1; i <= rows; i++) {
        int len = snprintf(line, sizeof line, "{\"row\":%ld,\"square\":%ld}\n", i, i * i);
        if (lambda_stream_write(ctx, line, (size_t)len) != 0)
            return -1; /* the caller is gone: what is made for it is made for nobody */
    }
    return 0;
}

/* An event of a function URL: ?rows=5 */
static int on_request(lambda_ctx *ctx, lambda_str event)
{
    lambda_json request = {event.ptr, event.len};
    lambda_str text = lambda_json_str(ctx, request, "/queryStringParameters/rows");
    long rows = text.ptr ? strtol(text.ptr, NULL, 10) : 3;
    if (rows < 1 || rows > ROWS_MAX) /* nothing is sent yet: a failure like any other */
        return lambda_error(ctx, "BadRows", "rows is '%s', not a number from 1 to %d",
                            text.ptr ? text.ptr : "", ROWS_MAX);
    const lambda_pair headers[] = {
        {{"content-type", 12}, {"application/x-ndjson", 20}},
        {{"cache-control", 13}, {"no-store", 8}},
    };
    const struct lambda_stream_head head = {
        .http_status = 200, .http_headers = headers, .nhttp_headers = 2};
    if (lambda_stream_open(ctx, &head) != 0)
        return -1;
    return send_rows(ctx, rows);
}

LAMBDA_MODULE(LAMBDA_RAW(on_request));
