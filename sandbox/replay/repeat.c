/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/repeat.h"

#include <stdbool.h>
#include <string.h>

#include "base/attr.h"

static const struct {
    const char *name;
    unsigned kinds;
    bool flag;
} rows[] = {
    {"--report", REPEAT_WRITES, false},    {"--record", REPEAT_WRITES, false},
    {"--redact", REPEAT_WRITES, false},    {"--redact-key", REPEAT_WRITES, false},
    {"--history", REPEAT_WRITES, false},   {"--update", REPEAT_WRITES, true},
    {"--chaos", REPEAT_ROUND, false},      {"--rounds", REPEAT_ROUND, false},
    {"--minutes", REPEAT_ROUND, false},    {"--jobs", REPEAT_ROUND, false},
    {"--smallest", REPEAT_TRACE, false},   {"--source", REPEAT_TRACE, false},
    {"--trace-kind", REPEAT_TRACE, false}, {"--only", REPEAT_TRACE, false},
};

int repeat_skip(const char *word, unsigned kinds)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t len = strlen(rows[i].name);
        if (!(rows[i].kinds & kinds) || strncmp(word, rows[i].name, len) != 0)
            continue;
        if (word[len] == '=' || (word[len] == '\0' && rows[i].flag))
            return 1;
        if (word[len] == '\0')
            return 2;
    }
    return 0;
}
