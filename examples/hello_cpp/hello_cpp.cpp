/* SPDX-License-Identifier: Apache-2.0 */
#include <lambda.h>

#include <exception>
#include <string>

/* An exception must not leave a handler: there is C above it. */
static int hello(lambda_ctx *ctx, lambda_str event)
try {
    lambda_json json = {event.ptr, event.len};
    lambda_str name = lambda_json_str(ctx, json, "/name");
    std::string text = "Hello, " + (name.ptr ? std::string(name.ptr, name.len) : "world") + "!";
    lambda_log(ctx, LAMBDA_INFO, "greeting of %zu bytes", text.size());
    std::string answer = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\')
            answer += '\\';
        answer += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    answer += '"';
    return lambda_reply(ctx, answer.data(), answer.size());
} catch (const std::exception &e) {
    return lambda_error(ctx, "Exception", "%s", e.what());
}

LAMBDA_MODULE(LAMBDA_RAW(hello));
