/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "simulate/faults.h"

static struct chaos chaos, again;
static struct faults planned, other;

static void test_parse(void)
{
    static const struct {
        const char *text;
        bool seeded;
        size_t kinds, given;
        const char *printed; /* NULL: of a seed */
    } rows[] = {
        {"7", true, FAULT_KIND_COUNT, 0, NULL},
        {"0,duplicate", true, 1, 0, NULL},
        {"18446744073709551615,crash,split", true, 2, 0, NULL},
        {"poison=3", false, 0, 1, "poison=3"},
        {"crash=3.2.1,duplicate=1", false, 0, 2, "crash=3.2.1,duplicate=1"},
        {"crash=3.2.0", false, 0, 1, "crash=3.2"},
        {"crash=3.1.1", false, 0, 1, "crash=3.1.1"},
        {"timeout=1.1", false, 0, 1, "timeout=1"},
        {"reorder=2", false, 0, 1, "reorder=2"},
        {"reorder=2.1.4", false, 0, 1, "reorder=2.1.4"},
        {"throttle=4294967295.4294967295", false, 0, 1, "throttle=4294967295.4294967295"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        size_t kinds = 0;
        CHECK_INT(chaos_parse(rows[i].text, &chaos, &err), 0);
        CHECK_STR(err.msg, "");
        for (int k = 0; k < FAULT_KIND_COUNT; k++)
            kinds += chaos.kinds[k];
        CHECK_INT(chaos.seeded, rows[i].seeded);
        CHECK_INT(kinds, rows[i].kinds);
        CHECK_INT(chaos.given.count, rows[i].given);
        AUTO_BUF struct buf out;
        buf_init(&out, 1 << 20);
        chaos_print(&chaos.given, &out);
        if (rows[i].printed)
            CHECK_STR(out.ptr, rows[i].printed);
    }
}

static void test_refuse(void)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"", "neither a seed nor one of duplicate"},
        {"sieben", "chaos 'sieben' is neither a seed"},
        {"7,", "chaos '' is neither"},
        {"7,poisson", "'poisson'"},
        {"7,crash,crash", "chaos 'crash' is there twice"},
        {"7x", "chaos seed '7x' is not a number from 0"},
        {"18446744073709551616", "is not a number"},
        {"-1", "neither a seed"},
        {"duplicate", "needs a seed before it (1,duplicate)"},
        {"duplicate=", "is not KIND=RECORD"},
        {"duplicate=0", "is not KIND=RECORD"},
        {"duplicate=1.0", "is not KIND=RECORD"},
        {"duplicate=4294967296", "is not KIND=RECORD"},
        {"duplicate=1.2.3.4", "is not KIND=RECORD"},
        {"duplicate=1 ", "is not KIND=RECORD"},
        {"duplicate=1.1.1", "the value of duplicate is 0 to 0"},
        {"crash=1.1.2", "the value of crash is 0 to 1"},
        {"reorder=1.1.0", "the value of reorder is 1 to 1000000"},
        {"poison=1.2", "poison is about the record, its delivery is 1"},
        {"reorder=1.2", "its delivery is 1"},
        {"crash=1,crash=1.1.1", "is there twice"},
        {"crash=1,7", "chaos '7' is neither"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        CHECK_INT(chaos_parse(rows[i].text, &chaos, &err), -1);
        CHECK_INT(err.kind, ERR_USAGE);
        CHECK_HAS(err.msg, rows[i].message);
    }
}

static void test_too_many(void)
{
    AUTO_BUF struct buf text;
    struct err err = {0};
    buf_init(&text, 1 << 20);
    for (int i = 1; i <= FAULTS_MAX + 1; i++)
        buf_addf(&text, "%scrash=%d", i > 1 ? "," : "", i);
    CHECK_INT(chaos_parse(text.ptr, &chaos, &err), -1);
    CHECK_HAS(err.msg, "more than 4096 faults");
}

static const char *const impossible[MAPPING_SOURCE_COUNT + 1][FAULT_KIND_COUNT] = {
    [MAPPING_KINESIS] = {[FAULT_REORDER] = "keep their order"},
    [MAPPING_DYNAMODB] = {[FAULT_REORDER] = "keep their order"},
    [MAPPING_KAFKA] = {[FAULT_REORDER] = "keep their order"},
    [MAPPING_S3] = {[FAULT_SPLIT] = "one event"},
    [MAPPING_ASYNC] = {[FAULT_SPLIT] = "one event"},
    [MAPPING_SOURCE_COUNT] = {[FAULT_REORDER] = "FIFO", [FAULT_SPLIT] = "batch of one"},
};

/* The sources with AWS's defaults, and a FIFO queue whose batches have one message. */
static struct mapping_settings settings_of(int row)
{
    struct mapping_settings s;
    mapping_settings_default(row < MAPPING_SOURCE_COUNT ? (enum mapping_source)row : MAPPING_SQS,
                             &s);
    if (row == MAPPING_SOURCE_COUNT) {
        s.fifo = true;
        s.batch = 1;
    }
    return s;
}

static void test_impossible(void)
{
    for (int row = 0; row <= MAPPING_SOURCE_COUNT; row++)
        for (int k = 0; k < FAULT_KIND_COUNT; k++) {
            struct mapping_settings s = settings_of(row);
            const char *why = fault_impossible((enum fault_kind)k, &s);
            if (impossible[row][k])
                CHECK_HAS(why, impossible[row][k]);
            else
                CHECK_STR(why, NULL);
        }
}

static bool same_faults(const struct faults *a, const struct faults *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->items[i].kind != b->items[i].kind || a->items[i].record != b->items[i].record ||
            a->items[i].delivery != b->items[i].delivery || a->items[i].value != b->items[i].value)
            return false;
    return true;
}

/* What is planned can be had, is written down and read again, and is all that there is of it. */
static void test_plans(void)
{
    size_t seen[FAULT_KIND_COUNT] = {0}, late = 0;
    for (unsigned round = 0; round < 20000; round++) {
        struct mapping_settings s = settings_of((int)(round % (MAPPING_SOURCE_COUNT + 1)));
        uint32_t n = 1 + round % 13;
        struct err err = {0};
        chaos = (struct chaos){.seeded = true, .seed = 42};
        memset(chaos.kinds, true, sizeof chaos.kinds);
        faults_plan(&chaos, round, &s, n, &planned);
        if (!planned.count || planned.count > 8)
            check_report(__FILE__, __LINE__, "a plan has 1 to 8 faults");
        for (size_t i = 0; i < planned.count; i++) {
            const struct fault *f = &planned.items[i];
            if (fault_impossible(f->kind, &s) || f->record >= n || !f->delivery ||
                faults_find(&planned, f->kind, f->record, f->delivery) != f)
                check_report(__FILE__, __LINE__, "a fault that cannot be");
            seen[f->kind]++;
            late += f->delivery > 1;
        }
        AUTO_BUF struct buf text;
        buf_init(&text, 1 << 20);
        chaos_print(&planned, &text);
        if (chaos_parse(text.ptr, &again, &err) < 0 || !same_faults(&again.given, &planned))
            check_report(__FILE__, __LINE__, text.ptr);
        faults_plan(&again, 99, &s, n, &other);
        if (!same_faults(&other, &planned))
            check_report(__FILE__, __LINE__, "faults that are given are what is planned");
    }
    for (int k = 0; k < FAULT_KIND_COUNT; k++)
        CHECK(seen[k] > 500);
    CHECK(late > 500);
}

static void test_seeds(void)
{
    struct mapping_settings s = settings_of(MAPPING_SQS);
    size_t different = 0;
    memset(&chaos, 0, sizeof chaos);
    memset(chaos.kinds, true, sizeof chaos.kinds);
    chaos.seeded = true;
    for (chaos.seed = 0; chaos.seed < 1000; chaos.seed++) {
        faults_plan(&chaos, 0, &s, 50, &planned);
        chaos.seed--;
        faults_plan(&chaos, 1, &s, 50, &other);
        chaos.seed++;
        if (!same_faults(&planned, &other))
            check_report(__FILE__, __LINE__, "round 1 of a seed is round 0 of the next one");
        chaos.seed += 77;
        faults_plan(&chaos, 0, &s, 50, &other);
        chaos.seed -= 77;
        different += !same_faults(&planned, &other);
    }
    CHECK(different > 990);
}

static void test_nothing_to_do(void)
{
    struct mapping_settings s = settings_of(MAPPING_KINESIS);
    struct err err = {0};
    CHECK_INT(chaos_parse("1", &chaos, &err), 0);
    faults_plan(&chaos, 0, &s, 0, &planned);
    CHECK_INT(planned.count, 0);
    CHECK_INT(chaos_parse("1,reorder", &chaos, &err), 0);
    faults_plan(&chaos, 0, &s, 9, &planned);
    CHECK_INT(planned.count, 0);
}

static const struct check_test tests[] = {
    {"parse", test_parse},
    {"refuse", test_refuse},
    {"too many", test_too_many},
    {"impossible", test_impossible},
    {"plans", test_plans},
    {"seeds", test_seeds},
    {"nothing to do", test_nothing_to_do},
};

CHECK_MAIN(tests)
