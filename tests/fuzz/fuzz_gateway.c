/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of strangers: what the runtime gets of them is short, plain, and again what it was. */
#include "base/attr.h"
#include "fuzz.h"
#include "gateway/headers.h"
#include "gateway/memory.h"
#include "gateway/route.h"

static void check_traces(const char *amzn, const char *parent)
{
    char out[GATEWAY_TRACE_MAX + 1], again[GATEWAY_TRACE_MAX + 1];
    headers_trace(amzn, parent, out);
    FUZZ_CHECK(memchr(out, '\0', sizeof out));
    if (!*out)
        return;
    FUZZ_CHECK(strstr(out, "Root=1-"));
    for (const char *p = out; *p; p++)
        FUZZ_CHECK(*p > 0x20 && *p < 0x7f);
    headers_trace(out, NULL, again);
    FUZZ_CHECK(strcmp(out, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    size_t len;
    char *texts[3];
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        texts[i] = fuzz_text(&in, &len);
    check_traces(texts[0], texts[1]);
    check_traces(NULL, texts[0]);
    char *context = headers_client_context(texts[2]);
    for (char *p = context; p && *p; p++)
        FUZZ_CHECK(*p != '\n' && *p != '\r' && *p != '\t');
    free(context);
    FUZZ_CHECK(route_find("POST", texts[0]) <= ROUTE_NO_POST);
    FUZZ_CHECK(memory_parse(texts[1]) < 1u << 30);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        free(texts[i]);
    return 0;
}
