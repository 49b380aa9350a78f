/* SPDX-License-Identifier: Apache-2.0 */
/* Records one by one, and an arena that is too small at every size. */
#include "check.h"

#include "engines.h"
#include "kinds.h"

static struct guarded memory, room;

struct seen {
    size_t count, stop_at;
    int stop_with;
    size_t used; /* of the arena, in the first record */
    struct arena *arena;
    bool rewound;
    char texts[200];
};

static int see(void *record, size_t index, void *user)
{
    struct kinds_inner *inner = record;
    struct seen *s = user;
    size_t len = strlen(s->texts);
    snprintf(s->texts + len, sizeof s->texts - len, "%zu:%s%s ", index,
             inner->s.ptr ? inner->s.ptr : "-", inner->b ? "!" : "");
    s->count++;
    return s->count == s->stop_at ? s->stop_with : 0;
}

static int each_with(const struct engine *e, const char *text, struct seen *s, struct err *err)
{
    struct arena arena = guarded_arena(&room, 1 << 12);
    const struct document_walk walk = {&kinds_inner_type, "Records", see, s, NULL};
    size_t len = strlen(text);
    return document_each(e, &walk, guarded_text(&memory, text, len), len, &arena, err);
}

static void test_walk(void)
{
    static const struct {
        const char *text;
        size_t stop_at;
        int want;
        const char *texts;
    } rows[] = {
        {"{\"Records\":[{\"s\":\"a\",\"b\":true},{\"s\":\"b\\n\"},{}]}", 0, 0, "0:a! 1:b\n 2:- "},
        {" { \"x\" : [1] , \"Records\" : [ { \"s\" : \"a\" } , { } ] , \"y\":{} } ", 0, 0,
         "0:a 1:- "},
        {"{\"Records\":[]}", 0, 0, ""},
        {"{\"Records\":[ ]}", 0, 0, ""},
        {"{\"Records\":null}", 0, 0, ""},
        {"{\"Records\":{\"s\":1}}", 0, 0, ""},
        {"{\"records\":[{}],\"Record\":[{}]}", 0, 0, ""},
        {"{}", 0, 0, ""},
        {"{\"Records\":[null,3,[],\"x\",{\"s\":\"e\"}]}", 0, 0, "0:- 1:- 2:- 3:- 4:e "},
        {"{\"R\\u0065cords\":[{\"s\":\"esc\"}]}", 0, 0, "0:esc "},
        {"{\"Records\":[{\"s\":\"a\"}],\"Records\":[{\"s\":\"b\"}]}", 0, 0, "0:a 0:b "},
        {"{\"Records\":[{\"s\":\"a\"},{\"s\":\"b\"},broken", 2, 7, "0:a 1:b "},
        {"{\"Records\":[{\"s\":\"a\"},{\"s\":\"b\"}]}", 1, -5, "0:a "},
        {"{\"Records\":[{\"s\":\"a\"},{\"s\":\"b\"]}", 0, -1, "0:a "},
        {"{\"Records\":[{\"s\":\"a\"},]}", 0, -1, "0:a "},
        {"{\"Records\":[{\"s\":\"a\"}]}x", 0, -1, "0:a "},
        {"{\"Records\":[{\"s\":\"a\"}", 0, -1, "0:a "},
        {"{\"Records\":[{\"s\":\"a\"}]", 0, -1, "0:a "},
        {"[{\"Records\":[]}]", 0, -1, ""},
        {"{\"a\":1,}", 0, -1, ""},
        {"{1}", 0, -1, ""},
        {"", 0, -1, ""},
    };
    const struct engine *engines[ENGINES_MAX];
    size_t n = engines_list(engines);
    for (size_t e = 0; e < n; e++)
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            struct seen s = {.stop_at = rows[i].stop_at, .stop_with = rows[i].want};
            struct err err = {0};
            CHECK_INT(each_with(engines[e], rows[i].text, &s, &err), rows[i].want);
            CHECK_STR(s.texts, rows[i].texts);
            if (rows[i].want == -1)
                CHECK_HAS(err.msg, "line 1, column");
        }
}

/* Ten thousand records with escapes need no more memory than one. */
static void test_rewind(void)
{
    char *text = malloc(1 << 20);
    size_t len = (size_t)sprintf(text, "{\"Records\":[");
    for (int i = 0; i < 10000; i++)
        len += (size_t)sprintf(text + len, "%s{\"s\":\"\\n\\n\\n\\n%06d\"}", i ? "," : "", i);
    len += (size_t)sprintf(text + len, "]}");
    struct guarded big = guarded_new(1 << 20);
    struct arena arena = guarded_arena(&room, 1 << 10);
    struct seen s = {.stop_at = 0};
    struct err err;
    CHECK_INT(decode_each(&kinds_inner_type, "Records", guarded_text(&big, text, len), len, &arena,
                          see, &s, NULL, &err),
              0);
    CHECK_INT(s.count, 10000);
    guarded_free(&big);
    free(text);
}

static const char sample[] =
    "{\"str\":\"a\\nb\\u20ac and text that is longer than a vector of thirty-two bytes \\\" \","
    "\"strs\":[\"1\",\"\\n2\",\"3\",\"4\",\"5\",6,7,8,9],\"b\\\"l\":[\"AAEC\",\"\\/\\/8=\"],"
    "\"map\":{\"a\":\"1\",\"b\":2,\"\\u0063\":\"\\t\"},\"list\":[{\"s\":\"x\\n\"},{},{\"s\":\"y\"}]"
    ","
    "\"fl\\u00e4gs\":{\"a\":{\"on\":true}},\"i64\":\"\\u0036\"}";

/* Every size from nothing up: refused as a lack of memory until it fits, never touched beyond. */
static void test_small_arena(void)
{
    const struct engine *engines[ENGINES_MAX];
    size_t n = engines_list(engines);
    for (size_t e = 0; e < n; e++) {
        size_t fits = 0;
        for (size_t cap = 0; cap <= 4096; cap += ARENA_ALIGN) {
            struct arena arena = guarded_arena(&room, cap);
            struct kinds value;
            struct err err = {0};
            size_t len = sizeof sample - 1;
            int r = document_decode(engines[e], &kinds_type, guarded_text(&memory, sample, len),
                                    len, &value, &arena, &err);
            if (r) {
                CHECK_INT(err.kind, ERR_MEMORY);
                CHECK_INT(fits, 0);
            } else if (!fits) {
                fits = cap;
                CHECK_INT(value.strs.len, 9);
                CHECK_STR(value.strs.ptr[8].ptr, "9");
                CHECK_INT(value.i64, 6);
            }
        }
        CHECK(fits > 0 && fits < 2048);
    }
}

/* Lists inside records must not each reserve for the rest of the document. */
static void test_list_memory(void)
{
    size_t cap = 1 << 20, len = 0;
    char *text = malloc(cap);
    len += (size_t)sprintf(text, "{\"list\":[");
    for (int i = 0; i < 20000; i++)
        len += (size_t)sprintf(text + len, "%s{\"s\":\"%d\"}", i ? "," : "", i % 10);
    len += (size_t)sprintf(text + len, "],\"strs\":[\"1\",\"2\",\"3\"],\"map\":{\"a\":\"b\"}}");
    struct guarded big = guarded_new(cap);
    struct arena arena;
    struct kinds value;
    struct err err;
    CHECK_INT(arena_init(&arena, 16 << 20, &err), 0);
    CHECK_INT(
        decode_document(&kinds_type, guarded_text(&big, text, len), len, &value, &arena, &err), 0);
    CHECK_INT(value.list.len, 20000);
    CHECK_STR(value.list.ptr[19999].s.ptr, "9");
    CHECK(arena.used < 3 * 20000 * sizeof(struct kinds_inner));
    arena_fini(&arena);
    guarded_free(&big);
    free(text);
}

static const struct check_test tests[] = {
    {"walk", test_walk},
    {"rewind between records", test_rewind},
    {"arena too small at every size", test_small_arena},
    {"memory of lists", test_list_memory},
};

int main(int argc, char **argv)
{
    struct err err;
    memory = guarded_new(1 << 16);
    room = guarded_new(1 << 16);
    if (decode_prepare(&kinds_type, &err)) {
        printf("Bail out! %s\n", err.msg);
        return 1;
    }
    return check_main(tests, ARRAY_LEN(tests), argc, argv);
}
