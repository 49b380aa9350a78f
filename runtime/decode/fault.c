/* SPDX-License-Identifier: Apache-2.0 */
#include "base/scan.h"
#include "decode/engine.h"

void fault_count_wide(struct decoder *d, const char *from, const char *to)
{
    for (; from < to; from++)
        d->wide += ((unsigned char)*from & 0xC0) == 0x80;
}

char *fault_at(struct decoder *d, const char *p, const char *reason)
{
    d->fault = p;
    d->reason = reason;
    return NULL;
}

char *fault_token(struct decoder *d, const char *p)
{
    size_t offset = 0;
    const char *reason = scan_token(p, (size_t)(d->end - p), &offset);
    fault_count_wide(d, p, p + offset);
    return fault_at(d, p + offset, reason ? reason : "expected a value");
}

char *fault_memory(struct decoder *d)
{
    return fault_at(d, NULL, NULL);
}

int fault_report(const struct decoder *d, struct err *err)
{
    if (!d->fault)
        return err_set(err, ERR_MEMORY,
                       "a document of %zu bytes does not fit the memory that is "
                       "left for it when decoded",
                       (size_t)(d->end - d->text));
    size_t column = (size_t)(d->fault - d->line_start) - d->wide + 1;
    return err_set(err, ERR_INPUT, "line %zu, column %zu: %s", d->line, column, d->reason);
}
