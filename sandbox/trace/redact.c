/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/redact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/scan.h"
#include "trace/walk.h"

_Static_assert(REDACT_POINTERS_MAX <= WALK_POINTERS_MAX, "one bit for each pointer");

static void set_id(struct redact *r)
{
    static const char what[] = "id";
    uint8_t bytes[SHA256_BYTES];
    pseudonym_hmac(&r->key, what, sizeof what, bytes);
    for (size_t i = 0; i < (REDACT_ID_SIZE - 1) / 2; i++)
        snprintf(r->id + 2 * i, 3, "%02x", bytes[i]);
}

int redact_init(struct redact *r, struct err *err)
{
    unsigned char key[SHA256_BYTES];
    *r = (struct redact){0};
    if (getrandom(key, sizeof key, 0) != sizeof key)
        return err_sys(err, "get random bytes for pseudonyms");
    pseudonym_key_set(&r->key, key, sizeof key);
    set_id(r);
    return 0;
}

void redact_fini(struct redact *r)
{
    free(r->pointers);
    explicit_bzero(r, sizeof *r);
}

int redact_set_key(struct redact *r, const char *words, struct err *err)
{
    if (!*words)
        return err_set(err, ERR_USAGE, "the words are empty: give some that nobody guesses");
    pseudonym_key_stretch(&r->key, words);
    set_id(r);
    return 0;
}

int redact_add(struct redact *r, const char *pointer, struct err *err)
{
    if (!r->pointers) /* all at once: a pointer cannot be moved */
        r->pointers = calloc(REDACT_POINTERS_MAX, sizeof *r->pointers);
    if (!r->pointers)
        return err_set(err, ERR_MEMORY, "no memory for a pointer");
    if (r->count == REDACT_POINTERS_MAX)
        return err_set(err, ERR_USAGE, "'%.200s' is one too many: at most %d are taken", pointer,
                       REDACT_POINTERS_MAX);
    if (pointer_parse(&r->pointers[r->count], pointer, err) < 0)
        return -1;
    r->count++;
    return 0;
}

int redact_apply(const struct redact *r, const char *text, size_t len, struct buf *out,
                 struct err *err)
{
    struct redactor *one = redactor_open(r, err);
    struct trace_entry e = trace_entry_none;
    e.event = (struct trace_text){text, len};
    int status = one ? redactor_apply(one, &e, err) : -1;
    if (status == 0) {
        buf_add(out, e.event.ptr, e.event.len);
        status = buf_check(out, "a redacted document", err);
    }
    redactor_close(one);
    return status;
}
