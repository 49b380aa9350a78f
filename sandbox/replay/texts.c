/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/texts.h"

#include <stdlib.h>
#include <string.h>

const char *texts_keep(struct texts *t, const char *text, size_t len, struct err *err)
{
    AUTO_FREE char *copy = strndup(text, len);
    char **items = copy ? realloc(t->items, (t->count + 1) * sizeof *items) : NULL;
    if (!items) {
        err_set(err, ERR_MEMORY, "no memory for a text of %zu bytes", len);
        return NULL;
    }
    t->items = items;
    items[t->count] = TAKE(copy);
    return items[t->count++];
}

void texts_fini(struct texts *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->items[i]);
    free(t->items);
    *t = (struct texts){0};
}
