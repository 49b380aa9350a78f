/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a pattern and an event from two lines each, says what our rules make of them: 1, 0, or '!'
 * and why the pattern is refused. */
#include <stdio.h>
#include <string.h>

#include "pattern/pattern.h"

static size_t cut(char *line, ssize_t len)
{
    return len > 0 && line[len - 1] == '\n' ? (size_t)len - 1 : (size_t)len;
}

static void tell(const char *pattern, size_t len, const char *event, size_t event_len)
{
    struct err err = {0};
    struct pattern *p = pattern_compile(pattern, len, &err);
    int verdict = p ? pattern_matches(p, event, event_len, &err) : -1;
    if (verdict < 0)
        printf("!%s\n", err.msg);
    else
        printf("%d\n", verdict);
    pattern_free(p);
}

int main(void)
{
    AUTO_FREE char *pattern = NULL, *event = NULL;
    size_t pattern_cap = 0, event_cap = 0;
    for (;;) {
        ssize_t len = getline(&pattern, &pattern_cap, stdin);
        ssize_t event_len = len < 0 ? -1 : getline(&event, &event_cap, stdin);
        if (event_len < 0)
            return 0;
        tell(pattern, cut(pattern, len), event, cut(event, event_len));
    }
}
