/* SPDX-License-Identifier: Apache-2.0 */
/* What a check tells people and programs, on made-up reports. */
#include "base/json.h"
#include "check.h"
#include "cmd/check_print.h"

static const struct check_finding glibc = {
    CHECK_ERROR,
    "glibc-version",
    "bootstrap",
    "needs GLIBC_2.34 (__libc_start_main, dlsym), al2 has 2.26",
    "bootstrap: /lib64/libc.so.6: version `GLIBC_2.34' not found",
    "build it against an older glibc",
};
static const struct check_finding debug = {
    CHECK_WARNING, "debug-info", "", "has 3 MB of debug information", "", "strip it",
};
static const struct check_finding reserved = {
    CHECK_ERROR, "environment-reserved", "--env", "'AWS_REGION' is reserved",
    "refused",   "leave it out",
};

static struct check_report report(const struct check_finding *findings, size_t count)
{
    struct check_report r = {
        .findings = findings,
        .nfindings = count,
        .arch = ELF_ARCH_X86_64,
        .profile = "al2",
        .zip_bytes = 124480,
        .bytes = 3 << 20,
        .nfiles = 2,
        .nelf = 1,
        .glibc = "2.34",
    };
    for (size_t i = 0; i < count; i++)
        r.nerrors += findings[i].severity == CHECK_ERROR;
    return r;
}

static char *text(const struct check_sight *s, size_t width, bool colour)
{
    static char all[1 << 16];
    AUTO_BUF struct buf b;
    buf_init(&b, sizeof all - 1);
    check_print_text(s, width, colour, &b);
    CHECK(!b.failed);
    snprintf(all, sizeof all, "%s", b.ptr ? b.ptr : "");
    return all;
}

static void test_good(void)
{
    struct check_report r = report(NULL, 0);
    r.nfiles = 1;
    const struct check_sight s = {"orders.zip", &r, NULL, 0};
    CHECK_STR(text(&s, 100, false),
              "orders.zip for provided.al2, x86_64; zip of 121.5 KB; 3.0 MB unpacked; 1 file, 1 of "
              "them ELF; glibc\n    2.34 or newer\n\n"
              "orders.zip: would run on provided.al2, x86_64\n");
    CHECK_HAS(text(&s, 100, true), "\033[32mwould\033[0m \033[32mrun\033[0m on");
}

/* No zip, no program in it. */
static void test_unknown(void)
{
    struct check_report r = report(NULL, 0);
    r.arch = ELF_ARCH_OTHER;
    r.zip_bytes = 0;
    r.bytes = 17;
    r.nelf = 0;
    r.glibc = "";
    const struct check_sight s = {"fn", &r, NULL, 0};
    CHECK_STR(text(&s, 100, false), "fn for provided.al2; 17 bytes; 2 files, 0 of them ELF\n\n"
                                    "fn: would run on provided.al2\n");
}

static void test_findings(void)
{
    const struct check_finding list[] = {debug, glibc};
    struct check_report r = report(list, ARRAY_LEN(list));
    const struct check_sight s = {"f.zip", &r, &reserved, 1};
    const char *all = text(&s, 200, false);
    CHECK_INT(check_print_count(&s, CHECK_ERROR), 2);
    CHECK_INT(check_print_count(&s, CHECK_WARNING), 1);
    CHECK_HAS(all,
              "\n\nerror glibc-version bootstrap: needs GLIBC_2.34 (__libc_start_main, dlsym), "
              "al2 has 2.26\n    why: bootstrap: /lib64/libc.so.6: version `GLIBC_2.34' not "
              "found\n    fix: build it against an older glibc\n\n"
              "error environment-reserved --env: 'AWS_REGION' is reserved\n");
    CHECK_HAS(all, "\n\nwarning debug-info has 3 MB of debug information\n    fix: strip it\n\n"
                   "f.zip: would not run on provided.al2, x86_64: 2 errors, 1 warning\n");
    all = text(&s, 200, true);
    CHECK_HAS(all, "\033[31merror\033[0m \033[1mglibc-version\033[0m bootstrap");
    CHECK_HAS(all, "\033[33mwarning\033[0m");
    CHECK_HAS(all, "\033[31mnot\033[0m \033[31mrun\033[0m on");
}

static size_t columns(const char *line)
{
    size_t n = 0;
    for (; *line; line++)
        n += ((unsigned char)*line & 0xc0) != 0x80;
    return n;
}

static const size_t widths[] = {0, 40, 41, 60, 79, 80, 100, 160};

static void check_lines(const struct check_sight *s, size_t width)
{
    char *save = NULL, *all = text(s, width, false);
    for (char *line = strtok_r(all, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (columns(line) > (width < CHECK_WIDTH_MIN ? CHECK_WIDTH_MIN : width))
            printf("# %zu: %s\n", width, line);
        CHECK(columns(line) <= (width < CHECK_WIDTH_MIN ? CHECK_WIDTH_MIN : width));
        CHECK(line[strlen(line) - 1] != ' ');
        CHECK_INT(line[0] == ' ' && line[1] == '\0', 0);
    }
}

static void test_width(void)
{
    char word[400] = "", name[300] = "";
    memset(word, 'w', 333);
    for (size_t i = 0; i < 120; i++)
        strcat(name, "\xc3\xb6");
    struct check_finding f = glibc;
    f.what = word;
    f.where = name;
    f.fix = "a sentence with many words, each of which is short, so that lines are ended between "
            "words alone, again and again, as often as the width demands it";
    struct check_report r = report(&f, 1);
    const struct check_sight s = {name, &r, NULL, 0};
    for (size_t i = 0; i < ARRAY_LEN(widths); i++)
        check_lines(&s, widths[i]);
    CHECK(!strstr(text(&s, 40, false), "\n\n\n"));
}

/* Names in a package are anybody's. */
static void test_harmless(void)
{
    struct check_finding f = glibc;
    f.where = "a\033[2Jb\nerror x\xff\tc";
    f.what = "\xe2\x80\xae"
             "gpj.exe \xc2\x9b"
             "31m";
    struct check_report r = report(&f, 1);
    const struct check_sight s = {"\033]0;x\a.zip", &r, NULL, 0};
    const char *all = text(&s, 200, false);
    CHECK(!strchr(all, '\033') && !strchr(all, '\a') && !strchr(all, '\xff'));
    CHECK_HAS(all, "a\\x1b[2Jb\\x0aerror x\\xff\\x09c: \\u202egpj.exe \\u009b31m\n");
    CHECK_HAS(all, "\\x1b]0;x\\x07.zip for");
}

static const struct json *parse(const struct check_sight *s, struct json **out_root)
{
    struct err err = {0};
    AUTO_BUF struct buf b;
    buf_init(&b, 1 << 16);
    CHECK_INT(check_print_json(s, &b, &err), 0);
    CHECK(memchr(b.ptr, '\n', b.len) == b.ptr + b.len - 1);
    *out_root = json_parse(b.ptr, b.len, &err);
    CHECK(*out_root);
    return *out_root;
}

/* What is the same of many files is told once, and nothing that was said is said again. */
static void test_groups(void)
{
    static char names[32][16], whys[32][64];
    struct check_finding list[34];
    for (size_t i = 0; i < 32; i++) {
        snprintf(names[i], sizeof names[i], "lib%zu.so", i);
        snprintf(whys[i], sizeof whys[i], "it fails (required by /var/task/%s)", names[i]);
        list[i] = glibc;
        list[i].where = names[i];
        list[i].why = whys[i];
    }
    list[32] = list[33] = glibc;
    list[32].what = "needs GLIBC_2.36 (fsopen), al2 has 2.26"; /* for the same reason */
    list[32].why = "it fails (required by /var/task/bootstrap)";
    list[33].severity = CHECK_WARNING;
    struct check_report r = report(list, ARRAY_LEN(list));
    const struct check_sight s = {"d", &r, NULL, 0};
    const char *all = strchr(text(&s, 400, false), '\n');
    CHECK_STR(all + 2,
              "error glibc-version lib0.so, lib1.so, lib2.so, lib3.so, lib4.so and 27 more: needs "
              "GLIBC_2.34 (__libc_start_main, dlsym), al2 has 2.26\n"
              "    why: it fails (required by /var/task/lib0.so)\n"
              "    fix: build it against an older glibc\n\n"
              "error glibc-version bootstrap: needs GLIBC_2.36 (fsopen), al2 has 2.26\n\n"
              "warning glibc-version bootstrap: needs GLIBC_2.34 (__libc_start_main, dlsym), al2 "
              "has 2.26\n"
              "    why: bootstrap: /lib64/libc.so.6: version `GLIBC_2.34' not found\n"
              "    fix: build it against an older glibc\n\n"
              "d: would not run on provided.al2, x86_64: 33 errors, 1 warning\n");
    r = report(list, 2);
    CHECK_HAS(text(&s, 400, false), "error glibc-version lib0.so, lib1.so: needs GLIBC_2.34");
    for (size_t i = 0; i < ARRAY_LEN(widths); i++)
        check_lines(&s, widths[i]);
    struct json *owned;
    r = report(list, ARRAY_LEN(list));
    CHECK_INT(json_count(json_get(parse(&s, &owned), "findings")), 34);
    json_free(owned);
}

/* Of the whole package, and of one file: each is a finding of its own. */
static void test_ungrouped(void)
{
    struct check_finding list[] = {debug, debug, glibc, glibc};
    list[3].why = "another";
    struct check_report r = report(list, ARRAY_LEN(list));
    const struct check_sight s = {"d", &r, NULL, 0};
    const char *all = text(&s, 200, false);
    CHECK(!strstr(all, "more:") && !strstr(all, "bootstrap, bootstrap"));
    const char *first = strstr(all, "error glibc-version bootstrap:");
    CHECK(first && strstr(first + 1, "error glibc-version bootstrap:"));
    CHECK_HAS(all, "why: another\n\n");
    first = strstr(all, "warning debug-info has 3 MB");
    CHECK(first && strstr(first + 1, "warning debug-info has 3 MB"));
}

/* A buffer that is full tells so and writes nowhere else. */
static void test_full(void)
{
    const struct check_finding list[] = {glibc, debug};
    struct check_report r = report(list, ARRAY_LEN(list));
    const struct check_sight s = {"f.zip", &r, NULL, 0};
    for (size_t limit = 0; limit < 500; limit++) {
        AUTO_BUF struct buf b;
        struct err err = {0};
        buf_init(&b, limit);
        check_print_text(&s, 60, true, &b);
        CHECK(b.failed || b.len <= limit);
        buf_reset(&b);
        if (check_print_json(&s, &b, &err) < 0)
            CHECK_INT(err.kind, ERR_LIMIT);
    }
}

static const char *string_of(const struct json *object, const char *key)
{
    const char *value = json_string(json_get(object, key));
    return value ? value : "(null)";
}

static void test_json(void)
{
    const struct check_finding list[] = {debug, glibc};
    struct check_report r = report(list, ARRAY_LEN(list));
    const struct check_sight s = {"f.zip", &r, &reserved, 1};
    static const char *const keys[] = {"ok",       "path",          "profile", "architecture",
                                       "zipBytes", "unpackedBytes", "files",   "elfFiles",
                                       "glibc",    "findings"};
    struct json *owned;
    const struct json *root = parse(&s, &owned), *member = json_first(root);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++, member = json_next(member))
        CHECK_STR(json_key(member), keys[i]);
    CHECK(!member);
    CHECK(!json_bool(json_get(root, "ok")));
    CHECK_STR(string_of(root, "path"), "f.zip");
    CHECK_STR(string_of(root, "architecture"), "x86_64");
    CHECK_STR(string_of(root, "glibc"), "2.34");
    CHECK_INT((long)json_number(json_get(root, "zipBytes")), 124480);
    const struct json *first = json_first(json_get(root, "findings"));
    CHECK_INT(json_count(json_get(root, "findings")), 3);
    CHECK_STR(string_of(first, "severity"), "error");
    CHECK_STR(string_of(first, "rule"), "glibc-version");
    CHECK_STR(string_of(first, "where"), "bootstrap");
    CHECK_STR(string_of(first, "what"), glibc.what);
    CHECK_STR(string_of(first, "why"), glibc.why);
    CHECK_STR(string_of(first, "fix"), glibc.fix);
    CHECK_STR(string_of(json_next(json_next(first)), "severity"), "warning");
    json_free(owned);
}

static void test_json_nulls(void)
{
    struct check_report r = report(NULL, 0);
    r.arch = ELF_ARCH_OTHER;
    r.zip_bytes = 0;
    r.glibc = "";
    const struct check_sight s = {"fn\xff", &r, NULL, 0};
    struct json *owned;
    const struct json *root = parse(&s, &owned);
    CHECK(json_bool(json_get(root, "ok")));
    CHECK_INT(json_kind(json_get(root, "architecture")), JSON_NULL);
    CHECK_INT(json_kind(json_get(root, "zipBytes")), JSON_NULL);
    CHECK_INT(json_kind(json_get(root, "glibc")), JSON_NULL);
    CHECK_STR(string_of(root, "path"), "fn\xef\xbf\xbd");
    CHECK_INT(json_kind(json_get(root, "findings")), JSON_ARRAY);
    json_free(owned);
}

static const struct check_test tests[] = {
    {"good", test_good},           {"unknown", test_unknown},       {"findings", test_findings},
    {"width", test_width},         {"harmless", test_harmless},     {"full", test_full},
    {"json", test_json},           {"json_nulls", test_json_nulls}, {"groups", test_groups},
    {"ungrouped", test_ungrouped},
};
CHECK_MAIN(tests)
