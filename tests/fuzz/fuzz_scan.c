/* SPDX-License-Identifier: Apache-2.0 */
/* What the strict scanner takes cJSON takes too, and holds the same, except for what cJSON is known
 * not to hold (json_parse says ERR_LIMIT); scan_find and scan_next lead to the same values. What
 * cJSON takes besides (leading zeros, control characters, text behind the document) is why the
 * scanner is there, so that the reverse is not asked for. */
#include <string.h>

#include "base/json.h"
#include "base/scan.h"
#include "fuzz.h"

static void check_string(struct scan_value raw, const char *want)
{
    char *plain = malloc(raw.len + 1);
    long len = scan_unescape(raw, plain);
    FUZZ_CHECK(len >= 0 && (size_t)len == strlen(want) && memcmp(plain, want, (size_t)len) == 0);
    free(plain);
}

static void check_value(const struct json *v, struct scan_value raw)
{
    struct scan_value key, value;
    size_t at = 0, index = 0;
    if (json_kind(v) == JSON_STRING)
        check_string(raw, json_string(v));
    if (json_kind(v) != JSON_OBJECT && json_kind(v) != JSON_ARRAY) {
        FUZZ_CHECK(!scan_next(raw, &at, &key, &value));
        return;
    }
    const struct json *child = json_first(v);
    while (scan_next(raw, &at, &key, &value)) {
        FUZZ_CHECK(child && !key.ptr == !json_key(child));
        if (key.ptr)
            check_string((struct scan_value){key.ptr - 1, key.len + 2}, json_key(child));
        if (!key.ptr && index < 16) {
            char pointer[8];
            snprintf(pointer, sizeof pointer, "/%zu", index);
            struct scan_value found = scan_find(raw.ptr, raw.len, pointer);
            FUZZ_CHECK(found.ptr == value.ptr && found.len == value.len);
        }
        check_value(child, value);
        child = json_next(child);
        index++;
    }
    FUZZ_CHECK(!child);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scan_fault fault = {0};
    struct err err = {0};
    char *text = malloc(size ? size : 1); /* of exactly that size */
    if (size)
        memcpy(text, data, size);
    bool valid = scan_valid(text, size, &fault);
    struct json *v = json_parse(text, size, &err);
    FUZZ_CHECK(valid || (!v && err.kind == ERR_INPUT && fault.reason && fault.offset <= size));
    FUZZ_CHECK(!valid || v || err.kind == ERR_LIMIT);
    struct scan_value all = scan_find(text, size, "");
    FUZZ_CHECK(!valid || all.ptr);
    if (v)
        check_value(v, all);
    scan_find(text, size, "/a/0/b");
    json_free(v);
    free(text);
    return 0;
}
