/* SPDX-License-Identifier: Apache-2.0 */
/* A handler in C++, with the standard library and an exception that nobody catches. */
#include <lambda.h>
#include <stdexcept>
#include <string>

static int on_event(lambda_ctx *ctx, lambda_str event)
{
    std::string text(event.ptr, event.len);
    if (text == "\"values\"")
        lambda_log_kv(ctx, LAMBDA_INFO, "values", LAMBDA_KV("most", UINT64_MAX),
                      LAMBDA_KV("size", text.size()), LAMBDA_KV("long", 1.5L),
                      LAMBDA_KV("least", INT64_MIN), LAMBDA_KV("text", text.c_str()));
    if (text == "\"throw\"")
        throw std::runtime_error("thrown by the handler");
    try {
        if (text == "\"catch\"")
            throw std::runtime_error("caught");
    } catch (const std::exception &e) {
        return lambda_error(ctx, "Caught", "%s", e.what());
    }
    text = "{\"got\":" + text + "}";
    return lambda_reply(ctx, text.data(), text.size());
}

LAMBDA_MODULE(LAMBDA_RAW(on_event));
