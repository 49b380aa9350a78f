/* SPDX-License-Identifier: Apache-2.0 */
#include "trace_work.h"

#include <limits.h>
#include <sys/stat.h>
#include <zlib.h>

#define LINE(event) "{\"clambda_recording\":1,\"event\":\"" event "\"}"

static struct work_result r;

static void write_text(const char *name, const char *text)
{
    work_write(name, text, strlen(text), O_TRUNC);
}

static const struct {
    const char *text, *events, *warnings, *message;
} files[] = {
    {LINE("a") "\n" LINE("b") "\n", "[a][b]", "", NULL},
    {LINE("a"), "[a]", "", NULL},
    {"\xEF\xBB\xBF" LINE("a") "\r\n\r\n \t\n" LINE("b") "\r\n\n", "[a][b]", "", NULL},
    {"\n\n" LINE("a") "\n", "[a]", "", NULL},
    {"", "", "empty, left out\n", NULL},
    {"\n \r\n", "", "empty, left out\n", NULL},
    {LINE("a") "\n"
               "{\"clambda_recording\":1,\"event\":\"x\n" LINE("b") "\n",
     "[a][b]", "line 2: was cut off while it was written, skipped\n", NULL},
    {LINE("a") "\n{\"clambda_rec", "[a]", "line 2: was cut off while it was written, skipped\n",
     NULL},
    {LINE("a") "\n\n{}\n", "[a]", "", "line 3: is no line of a recording"},
    {LINE("a") "\nwords\n", "[a]", "", "line 2: is no line of a recording"},
    {"{\"clambda_recording\":9}\n", "", "", "line 1: clambda_recording: the line has format 9"},
    {"{\"a\": }\n", "", "", "line 1, column 7: expected a value"},
    {"{\"a\": 1,\n \"b\": ]\n}", "", "", "line 2, column 7: expected a value"},
    {"\n\n[1, 2\n3]", "", "", "line 4, column 1: expected ',' or ']'"},
    {"some words\n", "", "", "neither a recording nor a JSON document"},
};

static void check_result(size_t i)
{
    CHECK_STR(r.events, files[i].events);
    CHECK_HAS(r.warnings, files[i].warnings);
    CHECK_INT(r.nwarnings, files[i].warnings[0] != '\0');
    CHECK_INT(r.status, files[i].message ? -1 : 0);
    CHECK_HAS(r.err.msg, files[i].message ? files[i].message : "");
}

static void pack(const char *name, const char *text, size_t cut)
{
    gzFile gz = gzopen(work_path(name), "wb");
    CHECK(gz && gzwrite(gz, text, (unsigned)strlen(text)) == (int)strlen(text));
    CHECK_INT(gzclose(gz), Z_OK);
    struct stat st;
    CHECK(stat(work_path(name), &st) == 0);
    CHECK_INT(truncate(work_path(name), st.st_size - (off_t)cut), 0);
}

/* As they are, through a pipe byte by byte is the fuzzer's, and packed by gzip itself. */
static void test_files(void)
{
    work_begin();
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        write_text("file", files[i].text);
        work_take(work_path("file"), &r);
        check_result(i);
        pack("packed", files[i].text, 0);
        work_take(work_path("packed"), &r);
        check_result(i);
    }
    work_end();
}

static void test_packed(void)
{
    size_t len;
    work_begin();
    pack("cut", LINE("a") "\n" LINE("b") "\n", 9);
    work_take(work_path("cut"), &r);
    CHECK_INT(r.status, 0);
    CHECK_HAS(r.warnings, "cut: gzip data that was cut off is skipped");
    pack("one", LINE("a") "\n", 0);
    char *bytes = work_read("one", &len);
    work_write("several", bytes, len, O_TRUNC);
    work_write("several", bytes, len, O_APPEND);
    work_write("several", "\0\0\0\0", 4, O_APPEND);
    work_take(work_path("several"), &r);
    CHECK_STR(r.events, "[a][a]");
    CHECK_INT(r.status, 0);
    CHECK_INT(r.nwarnings, 0);
    bytes[len - 6] ^= 1;
    work_write("damaged", bytes, len, O_TRUNC);
    work_take(work_path("damaged"), &r);
    CHECK_INT(r.status, -1);
    CHECK_HAS(r.err.msg, "damaged gzip data: incorrect data check");
    work_write("one", "more text than the header of a member", 37, O_APPEND);
    work_take(work_path("one"), &r);
    CHECK_INT(r.status, -1);
    CHECK_HAS(r.err.msg, "no gzip data where some was expected");
    free(bytes);
    work_end();
}

/* In the order of names; hidden files, folders inside, pipes and devices are left out. */
static void test_folder(void)
{
    work_begin();
    CHECK_INT(mkdir(work_path("t"), 0700), 0);
    CHECK_INT(mkdir(work_path("t/m-folder"), 0700), 0);
    write_text("t/b", LINE("3") "\n" LINE("4") "\n");
    write_text("t/a", LINE("1"));
    write_text("t/a-2", LINE("2"));
    write_text("t/z", "");
    write_text("t/.hidden", "{");
    CHECK_INT(mkfifo(work_path("t/pipe"), 0600), 0);
    CHECK_INT(symlink("/dev/zero", work_path("t/zero")), 0);
    work_take(work_path("t"), &r);
    CHECK_STR(r.events, "[1][2][3][4]");
    CHECK_STR(r.err.msg, "");
    CHECK_HAS(r.warnings, "m-folder: a folder inside a folder, left out");
    CHECK_HAS(r.warnings, "/z: empty, left out");
    CHECK_HAS(r.warnings, "/pipe: no file, left out");
    CHECK_HAS(r.warnings, "/zero: no file, left out");
    CHECK_INT(r.nwarnings, 4);
    work_end();
}

static void test_paths(void)
{
    struct err err = {0};
    struct trace_entry e;
    char a[4096], t[4096];
    work_begin();
    CHECK_INT(mkdir(work_path("t"), 0700), 0);
    write_text("t/b", LINE("2"));
    write_text("a", LINE("1"));
    snprintf(a, sizeof a, "%s", work_path("a"));
    snprintf(t, sizeof t, "%s", work_path("t"));
    const char *paths[] = {t, t, a, t};
    struct trace_read_options o = {.paths = paths, .npaths = 4};
    struct trace_reader *reader = trace_open(&o, &err);
    static const char want[] = "2212";
    for (size_t i = 0; i < 4; i++) {
        CHECK_INT(trace_next(reader, &e, &err), 1);
        CHECK_MEM(e.event.ptr, e.event.len, want + i, 1);
    }
    CHECK_INT(trace_next(reader, &e, &err), 0);
    trace_close(reader);
    paths[2] = work_path("missing");
    CHECK(trace_open(&o, &err) == NULL);
    CHECK_INT(err.kind, ERR_INPUT);
    CHECK_HAS(err.msg, "missing': No such file");
    paths[0] = paths[1] = "-";
    CHECK(trace_open(&o, &err) == NULL);
    CHECK_HAS(err.msg, "only once");
    work_end();
}

static void test_sniff(void)
{
    enum trace_kind kind;
    struct err err = {0};
    work_begin();
    write_text("a", LINE("1"));
    CHECK_INT(trace_sniff(work_path("a"), NULL, &kind, &err), 0);
    CHECK_INT(kind, TRACE_KIND_RECORDING);
    CHECK_INT(trace_sniff(work_dir, NULL, &kind, &err), 0);
    CHECK_INT(kind, TRACE_KIND_EVENT);
    CHECK_INT(trace_sniff(work_path("missing"), NULL, &kind, &err), -1);
    write_text("a", "\n");
    CHECK_INT(trace_sniff(work_path("a"), NULL, &kind, &err), 0);
    CHECK_INT(kind, TRACE_KIND_EVENT);
    work_end();
}

static bool reads_empty(size_t npaths)
{
    char *paths[] = {strdup(work_path("a")), strdup(work_path("b"))};
    const struct trace_read_options o = {.paths = (const char *const *)paths, .npaths = npaths};
    struct trace_entry e;
    struct err err = {0};
    struct trace_reader *reader = trace_open(&o, &err);
    while (trace_next(reader, &e, &err) > 0)
        ;
    bool empty = trace_is_empty(reader);
    trace_close(reader);
    free(paths[0]);
    free(paths[1]);
    return empty;
}

static void test_empty(void)
{
    work_begin();
    write_text("a", "\n");
    write_text("b", "");
    CHECK(!reads_empty(0));
    CHECK(reads_empty(1));
    CHECK(reads_empty(2));
    write_text("b", "{}");
    CHECK(!reads_empty(2));
    work_end();
}

static long resident_kb(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    CHECK(f && fscanf(f, "%*d %ld", &pages) == 1);
    if (f)
        fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Memory does not grow with the trace: 64 MB of lines of all lengths, the second half in what the
 * first one needed. */
static void test_memory(void)
{
    static char line[1 << 20];
    struct err err = {0};
    struct trace_entry e;
    long half = 0;
    int fd;
    work_begin();
    fd = open(work_path("long"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    for (size_t i = 0; i < 256; i++) {
        size_t len = (size_t)1000 << i % 10;
        memset(line, 'x', len);
        memcpy(line, LINE(""), sizeof LINE("") - 3);
        memcpy(line + len - 3, "\"}\n", 3);
        CHECK_INT(write(fd, line, len), len);
    }
    close(fd);
    const char *path = work_path("long");
    struct trace_read_options o = {.paths = &path, .npaths = 1};
    struct trace_reader *reader = trace_open(&o, &err);
    for (size_t i = 0; trace_next(reader, &e, &err) == 1; i++)
        half = i < 128 ? resident_kb() : half;
    CHECK_STR(err.msg, "");
#ifdef __SANITIZE_ADDRESS__
    half = LONG_MAX / 2; /* keeps what was freed */
#endif
    CHECK(half > 0 && resident_kb() <= half + 1024);
    trace_close(reader);
    work_end();
}

static const struct check_test tests[] = {
    {"files", test_files}, {"packed", test_packed}, {"folder", test_folder}, {"paths", test_paths},
    {"sniff", test_sniff}, {"empty", test_empty},   {"memory", test_memory},
};

CHECK_MAIN(tests)
