/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "simulate/cycles.h"
#include "simulate/flight.h"

static const char *name_of(void *owner, uint32_t record, size_t *out_len)
{
    (void)owner;
    (void)record;
    *out_len = 1;
    return "m";
}

/* How errors of runtimes name their request, '@', and what is another in each, '#'. */
static const char *const forms[] = {
    "{\"errorType\":\"A\",\"stackTrace\":[],\"requestId\":\"@\"}",
    "{\"requestId\":\"@\",\"errorMessage\":\"message\"}",
    "{\"errorMessage\":\"RequestId: @ Error: Task timed out after 3.00 seconds\"}",
    "@ failed, which is all that @ says",
    "{\"errorMessage\":\"no id\"}",
};
static const char *const other_forms[] = {
    "{\"requestId\":\"@\",\"errorMessage\":\"message #\"}",
    "{\"errorMessage\":\"RequestId: @ Error: #\"}", "@ #",
    "{\"requestId\":\"#-0000-4000-8000-000000000000\"}", /* not that of the request */
};

static void fill_form(const char *form, uint32_t n, struct buf *out)
{
    char id[37];
    simulation_invocation_id(n, id);
    for (; *form; form++) {
        if (*form == '@')
            buf_adds(out, id);
        else if (*form == '#')
            buf_addf(out, "%08u", (unsigned)n);
        else
            buf_addc(out, *form);
    }
}

/* A letter is an entry: i invoked, e error, p partial, r retried, d done, g given up; capitals are
 * of record 1. Errors have the form. */
static void make(struct history *h, const char *letters, const char *form)
{
    static const struct {
        char letter;
        enum history_kind kind;
        enum history_status status;
    } kinds[] = {{'i', HISTORY_INVOKED, 0}, {'e', HISTORY_ANSWERED, HISTORY_ERROR},
                 {'d', HISTORY_DONE, 0},    {'p', HISTORY_ANSWERED, HISTORY_PARTIAL},
                 {'r', HISTORY_RETRIED, 0}, {'g', HISTORY_GIVEN_UP, 0}};
    history_init(h, 2);
    for (uint32_t n = 0; letters[n]; n++) {
        struct err err = {0};
        bool upper = letters[n] < 'a';
        uint32_t record = upper;
        AUTO_BUF struct buf text;
        struct history_entry e = {.time_ms = n, .invocation = n, .ran = true, .count = 1};
        for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
            if (kinds[k].letter == (upper ? letters[n] + 'a' - 'A' : letters[n])) {
                e.kind = kinds[k].kind;
                e.status = kinds[k].status;
            }
        buf_init(&text, 200);
        buf_adds(&text, "");
        if (e.status == HISTORY_ERROR)
            fill_form(form, n, &text);
        e.text_len = text.len;
        CHECK_INT(history_add(h, e, &record, text.ptr, &err), 0);
    }
}

static const struct {
    const char *letters;
    size_t at, again, period;
} found[] = {
    {"ierierierier", 0, 3, 3},             /* a message that fails for ever */
    {"idierierierier", 2, 3, 3},           /* after something else */
    {"idierierierier", 0, 0, 0},           /* which is not a part of it */
    {"rierierierier", 0, 0, 0},            /* nor is an end of something else */
    {"ierierier", 0, 0, 0},                /* is read as fast */
    {"ierierierierieg", 0, 3, 3},          /* the end is none of them */
    {"iIeErRiIeErRiIeErRiIeErR", 0, 3, 6}, /* two, side by side */
    {"ierIERierIERierIERierIER", 0, 3, 6}, /* two in turn */
    {"ieriprieriprier", 0, 0, 0},          /* answered otherwise in between, and not often */
    {"", 0, 0, 0},
    {"i", 0, 0, 0},
};

static void test_found(void)
{
    for (size_t i = 0; i < ARRAY_LEN(found); i++) {
        struct history h;
        size_t period = 0;
        make(&h, found[i].letters, forms[0]);
        CHECK_INT(cycles_find(&h, found[i].at, &period), found[i].again);
        CHECK_INT(period, found[i].period);
        history_fini(&h);
    }
}

/* The same but for the request id, and not the same. */
static void test_forms(void)
{
    struct history h;
    size_t period;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        make(&h, "ierierierierier", forms[i]);
        CHECK_INT(cycles_find(&h, 0, &period), 4);
        history_fini(&h);
    }
    for (size_t i = 0; i < ARRAY_LEN(other_forms); i++) {
        make(&h, "ierierierierier", other_forms[i]);
        CHECK_INT(cycles_find(&h, 0, &period), 0);
        history_fini(&h);
    }
}

static const struct {
    const char *letters;
    size_t most, entries;
    const char *last; /* lines */
} printed[] = {
    {"ierierierier", 0, 12, "+0:00.011 the same 3 times more\n"},
    {"ierierierierieg", 0, 15, "+0:00.014 lost ("},
    {"ierierierier", 2, 2, "+0:00.001 invocation 1: error"},
    {"ierierierier", 4, 12, "+0:00.011 the same 3 times more\n"},
    {"idierierierier", 5, 5, "+0:00.004 again"},
};

static void test_printed(void)
{
    for (size_t i = 0; i < ARRAY_LEN(printed); i++) {
        struct history h;
        AUTO_BUF struct buf out;
        buf_init(&out, 1 << 16);
        make(&h, printed[i].letters, forms[0]);
        CHECK_INT(history_print(&h, name_of, NULL, false, printed[i].most, &out),
                  printed[i].entries);
        size_t from = out.len ? out.len - 1 : 0;
        while (from > 0 && out.ptr[from - 1] != '\n')
            from--;
        CHECK_HAS(out.ptr + from, printed[i].last);
        history_fini(&h);
    }
}

static const struct check_test tests[] = {
    {"found", test_found},
    {"forms", test_forms},
    {"printed", test_printed},
};

CHECK_MAIN(tests)
