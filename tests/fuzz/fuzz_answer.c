/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the answer to a batch. The first byte chooses source and settings; then names of
 * records, up to a line break; then the answer. */
#include "mapping/answer.h"

#include "fuzz.h"

#define BATCH_MAX 64

struct batch {
    struct record records[BATCH_MAX];
    const struct record *list[BATCH_MAX];
    size_t count;
};

/* "a,b,a": a record for each; Kafka's are of two partitions, in turns. */
static size_t read_batch(struct batch *b, enum mapping_source source, const char *text, size_t len)
{
    size_t at = 0;
    b->count = 0;
    for (;;) {
        size_t begin = at;
        while (at < len && text[at] != ',' && text[at] != '\n')
            at++;
        bool last = at == len || text[at] == '\n' || b->count == BATCH_MAX - 1;
        b->records[b->count] = (struct record){.source = source,
                                               .id = {text + begin, at - begin},
                                               .key = {b->count % 3 ? "g" : "h", 1},
                                               .shard = {b->count % 2 ? "t-0" : "t-1", 3}};
        b->list[b->count] = &b->records[b->count];
        b->count++;
        if (at < len)
            at++;
        if (last)
            return at;
    }
}

static void check(const struct answer_in *in, const struct answer_out *out)
{
    const struct mapping_result *r = &out->result;
    FUZZ_CHECK(r->outcome == MAPPING_SUCCEEDED || r->outcome == MAPPING_PARTIAL ||
               r->outcome == MAPPING_REFUSED);
    FUZZ_CHECK((r->outcome == MAPPING_PARTIAL) == (r->nfailed > 0));
    FUZZ_CHECK(r->nfailed <= in->nbatch && memchr(out->note, '\0', sizeof out->note));
    for (size_t i = 0; i < r->nfailed; i++)
        FUZZ_CHECK(r->failed[i] < in->nbatch && (!i || r->failed[i - 1] < r->failed[i]));
    FUZZ_CHECK(r->outcome != MAPPING_REFUSED || out->note[0]);
    FUZZ_CHECK(in->settings->report_failures || r->outcome != MAPPING_PARTIAL);
    FUZZ_CHECK(!out->ignored || r->outcome == MAPPING_SUCCEEDED);
    FUZZ_CHECK(r->state_bytes == out->state.len && (in->window || !out->state.ptr));
    FUZZ_CHECK(!out->state.ptr || (out->state.ptr >= in->text &&
                                   out->state.ptr + out->state.len <= in->text + in->len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct batch batch;
    struct fuzz_input in = {data, size};
    struct answer_out out;
    struct err err = {0};
    const uint8_t choice = fuzz_byte(&in);
    char *text = malloc(in.left + 1);
    FUZZ_CHECK(text);
    memcpy(text, in.at, in.left);
    text[in.left] = '\0';
    const struct mapping_settings s = {.source =
                                           (enum mapping_source)(choice % MAPPING_SOURCE_COUNT),
                                       .report_failures = choice & 8,
                                       .fifo = choice & 16};
    size_t at = read_batch(&batch, s.source, text, in.left);
    const struct answer_in answer = {
        .settings = &s,
        .batch = batch.list,
        .nbatch = batch.count,
        .text = text + at,
        .len = in.left - at,
        .window = choice & 32 && (s.source == MAPPING_KINESIS || s.source == MAPPING_DYNAMODB)};
    FUZZ_CHECK(answer_read(&answer, &out, &err) == 0);
    check(&answer, &out);
    answer_out_fini(&out);
    free(text);
    return 0;
}
