/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping/answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/hash.h"
#include "mapping/members.h"

#define NAME_MAX_SHOWN 60  /* bytes of an identifier in a note */
#define NAME_MAX_READ  512 /* bytes of one with escapes: longer ones name nothing */

/* Records of a batch by what an answer calls them: places + 1 in an open hash table. */
struct names {
    const struct answer_in *in;
    uint32_t *slots; /* heap */
    size_t mask;
    bool *failed; /* heap, by place */
};

static const char *const members[] = {"batchItemFailures", "state"};

static void note(struct answer_out *out, const char *fmt, ...) ATTR_PRINTF(2, 3);

static void note(struct answer_out *out, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(out->note, sizeof out->note, fmt, args);
    va_end(args);
}

static int shown(struct scan_value v)
{
    return v.len > NAME_MAX_SHOWN ? NAME_MAX_SHOWN : (int)v.len;
}

static bool is_empty(struct scan_value v)
{
    struct scan_value key, value;
    size_t at = 0;
    if (!v.ptr || *v.ptr == 'n' || (*v.ptr == '"' && v.len == 2))
        return true;
    return *v.ptr == '[' && !scan_next(v, &at, &key, &value);
}

/* ---- names ------------------------------------------------------------------------------------
 */

static uint64_t hash(uint64_t h, struct scan_value v)
{
    h = hash_add(h, v.ptr, v.len);
    return h ^ h >> 29;
}

static uint64_t hash_name(struct scan_value id, struct scan_value partition)
{
    return hash(hash(HASH_BEGIN, partition), id);
}

static struct scan_value partition_of(const struct record *r)
{
    return r->source == MAPPING_KAFKA ? r->shard : (struct scan_value){0};
}

static int names_open(struct names *n, const struct answer_in *in, struct err *err)
{
    size_t cap = 16;
    while (cap < in->nbatch * 2)
        cap *= 2;
    *n = (struct names){.in = in, .mask = cap - 1};
    n->slots = calloc(cap, sizeof *n->slots);
    n->failed = calloc(in->nbatch + 1, sizeof *n->failed);
    if (!n->slots || !n->failed)
        return err_set(err, ERR_MEMORY, "no memory for the names of %zu records", in->nbatch);
    for (size_t i = 0; i < in->nbatch; i++) {
        const struct record *r = in->batch[i];
        size_t at = hash_name(r->id, partition_of(r)) & n->mask;
        while (n->slots[at])
            at = (at + 1) & n->mask;
        n->slots[at] = (uint32_t)i + 1;
    }
    return 0;
}

static void names_close(struct names *n)
{
    free(n->slots);
    free(n->failed);
}

/* A message that came twice in one batch fails twice: which of the two is meant, nobody says. */
static bool fail_named(struct names *n, struct scan_value id, struct scan_value partition)
{
    bool found = false;
    for (size_t at = hash_name(id, partition) & n->mask; n->slots[at]; at = (at + 1) & n->mask) {
        const struct record *r = n->in->batch[n->slots[at] - 1];
        if (!members_same(r->id, id) ||
            (r->source == MAPPING_KAFKA && !members_same(r->shard, partition)))
            continue;
        n->failed[n->slots[at] - 1] = true;
        found = true;
    }
    return found;
}

/* As the answer has it, else without its escapes. */
static bool fail_text(struct names *n, struct scan_value quoted, struct scan_value offset)
{
    char plain[NAME_MAX_READ];
    struct scan_value text = members_text(quoted);
    bool kafka = offset.ptr;
    if (kafka ? fail_named(n, offset, text) : fail_named(n, text, (struct scan_value){0}))
        return true;
    if (!memchr(text.ptr, '\\', text.len) || quoted.len > sizeof plain)
        return false;
    long len = scan_unescape(quoted, plain);
    text = (struct scan_value){plain, len < 0 ? 0 : (size_t)len};
    return kafka ? fail_named(n, offset, text) : fail_named(n, text, (struct scan_value){0});
}

/* ---- failures ---------------------------------------------------------------------------------
 */

/* {"partition":"topic-0","offset":15}: as Powertools for AWS Lambda answers a batch of Kafka. */
static bool take_offset(struct names *n, struct scan_value id, struct answer_out *out)
{
    static const char *const inner[] = {"partition", "offset"};
    struct scan_value v[ARRAY_LEN(inner)];
    members_find(id, inner, ARRAY_LEN(inner), v);
    if (!members_text(v[0]).ptr || !v[1].ptr || !(*v[1].ptr >= '0' && *v[1].ptr <= '9')) {
        note(out, "itemIdentifier of Kafka has to be {\"partition\":\"topic-0\",\"offset\":15}");
        return false;
    }
    if (fail_text(n, v[0], v[1]))
        return true;
    note(out, "itemIdentifier '%.*s' offset %.*s is not in the batch", shown(v[0]) - 2,
         v[0].ptr + 1, shown(v[1]), v[1].ptr);
    return false;
}

static bool take_failure(struct names *n, struct scan_value item, struct answer_out *out)
{
    static const char *const names[] = {"itemIdentifier"};
    struct scan_value id;
    members_find(item, names, 1, &id);
    if (!id.ptr) {
        note(out, "an entry of batchItemFailures has no itemIdentifier");
        return false;
    }
    if (n->in->settings->source == MAPPING_KAFKA)
        return take_offset(n, id, out);
    struct scan_value text = members_text(id);
    if (!text.ptr || !text.len) {
        note(out, "itemIdentifier is %s", text.ptr ? "empty" : *id.ptr == 'n' ? "null" : "no text");
        return false;
    }
    if (fail_text(n, id, (struct scan_value){0}))
        return true;
    note(out, "itemIdentifier '%.*s' is not in the batch", shown(text), text.ptr);
    return false;
}

/* A failed message of a group comes again behind those that were done. */
static void check_group(const struct names *n, struct answer_out *out)
{
    for (size_t i = 0; i < n->in->nbatch; i++) {
        const struct record *first = n->in->batch[i];
        for (size_t k = i + 1; k < n->in->nbatch && n->failed[i]; k++) {
            const struct record *later = n->in->batch[k];
            if (n->failed[k] || !members_same(first->key, later->key))
                continue;
            note(out,
                 "'%.*s' failed and '%.*s' behind it in group '%.*s' did not: their order is lost",
                 shown(first->id), first->id.ptr, shown(later->id), later->id.ptr,
                 first->key.len > 30 ? 30 : (int)first->key.len, first->key.ptr);
            return;
        }
    }
}

static int give_failed(const struct names *n, struct answer_out *out, struct err *err)
{
    out->failed = calloc(n->in->nbatch + 1, sizeof *out->failed);
    if (!out->failed)
        return err_set(err, ERR_MEMORY, "no memory for %zu failures", n->in->nbatch);
    size_t count = 0;
    for (size_t i = 0; i < n->in->nbatch; i++)
        if (n->failed[i])
            out->failed[count++] = (uint32_t)i;
    out->result.outcome = MAPPING_PARTIAL;
    out->result.failed = out->failed;
    out->result.nfailed = count;
    if (n->in->settings->fifo)
        check_group(n, out);
    return 0;
}

static int take_failures(const struct answer_in *in, struct scan_value list, struct answer_out *out,
                         struct err *err)
{
    struct names n;
    struct scan_value key, value;
    bool fine = true;
    int status = names_open(&n, in, err);
    for (size_t at = 0; status == 0 && fine && scan_next(list, &at, &key, &value);)
        fine = take_failure(&n, value, out);
    if (status == 0 && fine)
        status = give_failed(&n, out, err);
    else if (status == 0)
        out->result.outcome = MAPPING_REFUSED;
    names_close(&n);
    return status;
}

/* ---- answers ----------------------------------------------------------------------------------
 */

static int refuse(struct answer_out *out, const char *why)
{
    out->result.outcome = MAPPING_REFUSED;
    note(out, "%s", why);
    return 0;
}

/* Without report-failures the answer of a batch is not looked at, but for a window's state. */
static int ignore(struct scan_value list, struct answer_out *out)
{
    struct scan_value key, value;
    size_t at = 0, count = 0;
    while (list.ptr && *list.ptr == '[' && scan_next(list, &at, &key, &value))
        count++;
    if (count) {
        out->ignored = true;
        note(out, "the answer names %zu failed record%s, and report-failures is off: all are done",
             count, count == 1 ? "" : "s");
    }
    return 0;
}

static int read_object(const struct answer_in *in, struct scan_value answer, struct answer_out *out,
                       struct err *err)
{
    struct scan_value v[ARRAY_LEN(members)];
    members_find(answer, members, ARRAY_LEN(members), v);
    if (in->window && (!v[1].ptr || *v[1].ptr == 'n'))
        return refuse(out, "a tumbling window's answer has to have a 'state'");
    if (in->window) {
        out->state = v[1];
        out->result.state_bytes = v[1].len;
    }
    if (!in->settings->report_failures)
        return ignore(v[0], out);
    if (is_empty(v[0]))
        return 0;
    if (*v[0].ptr != '[')
        return refuse(out, "batchItemFailures has to be a list");
    return take_failures(in, v[0], out, err);
}

int answer_read(const struct answer_in *in, struct answer_out *out, struct err *err)
{
    struct scan_fault fault;
    enum mapping_source source = in->settings->source;
    *out = (struct answer_out){.result.outcome = MAPPING_SUCCEEDED};
    if (mapping_is_async(source))
        return 0;
    struct scan_value answer = {0};
    bool blank = in->len == 0;
    if (!blank && scan_valid(in->text, in->len, &fault))
        answer = scan_find(in->text, in->len, "");
    if (answer.ptr && *answer.ptr == '{')
        return read_object(in, answer, out, err);
    if (in->window)
        return refuse(out, "a tumbling window's answer has to be an object with a 'state'");
    if (blank || !in->settings->report_failures)
        return 0;
    if (!answer.ptr)
        return refuse(out, "the answer is not JSON");
    /* AWS reads the answer into an object, for which "" and [] stand as null does; that it takes
     * no other text, list or number is our reading of it */
    return is_empty(answer) ? 0 : refuse(out, "the answer is no object with batchItemFailures");
}

void answer_out_fini(struct answer_out *out)
{
    free(out->failed);
    *out = (struct answer_out){0};
}
