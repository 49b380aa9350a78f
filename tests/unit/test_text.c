/* SPDX-License-Identifier: Apache-2.0 */
/* utf8, buf, arena and err. */
#include "check.h"

#include <errno.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/utf8.h"

/* Every code point there and back, and the forms next to them refused. */
static void test_code_points(void)
{
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char text[5] = "";
        size_t len = utf8_encode(c, text);
        bool surrogate = c >= 0xD800 && c < 0xE000;
        if (surrogate && memcmp(text, "\xEF\xBF\xBD", 3) != 0)
            check_report(__FILE__, __LINE__, "a surrogate is U+FFFD");
        if (utf8_step(text, len) != len || (len > 1 && utf8_step(text, len - 1)))
            check_report(__FILE__, __LINE__, "a code point is read as it was written");
    }
    char text[4];
    CHECK_INT(utf8_encode(0x110000, text), 3);
    CHECK_MEM(text, 3, "\xEF\xBF\xBD", 3);
}

static void test_utf8(void)
{
    static const struct {
        const char *text;
        size_t prefix;
    } rows[] = {
        {"", 0},
        {"plain ascii, longer than one word", 33},
        {"12345678\xC3\xA4", 10},
        {"\xC3\xA4 1234567890 \xFF", 14},
        {"\x80", 0},
        {"\xC1\xBF", 0},
        {"\xE0\x9F\xBF", 0},
        {"\xED\xA0\x80", 0},
        {"\xEE\x80\x80", 3},
        {"\xF0\x8F\xBF\xBF", 0},
        {"\xF4\x8F\xBF\xBF", 4},
        {"\xF4\x90\x80\x80", 0},
        {"\xF5\x80\x80\x80", 0},
        {"a\xE2\x82", 1},
        {"a\xE2\x28\xA1", 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        CHECK_INT(utf8_valid_prefix(rows[i].text, strlen(rows[i].text)), rows[i].prefix);
}

static void test_buf(void)
{
    struct buf b;
    struct err err;
    buf_init(&b, 1000);
    CHECK(!b.ptr);
    buf_adds(&b, "a");
    buf_addc(&b, 'b');
    buf_addf(&b, "%d-%s", 12, "x");
    buf_add(&b, "", 0);
    CHECK_STR(b.ptr, "ab12-x");
    buf_reset(&b);
    CHECK_STR(b.ptr, "");
    buf_add_json_string(&b, "q\"\\\b\f\n\r\t\x01\x7f\xC3\xA4\xFF\xE2\x82z\0", 17);
    CHECK_STR(b.ptr, "\"q\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u007f\xC3\xA4\xEF\xBF\xBD\xEF\xBF\xBD"
                     "\xEF\xBF\xBDz\\u0000\"");
    CHECK_INT(buf_check(&b, "text", &err), 0);
    char *taken = buf_take(&b);
    CHECK(taken && !b.ptr && !b.len);
    free(taken);
    CHECK(!buf_take(&b));
}

static void test_buf_limit(void)
{
    struct err err = {0};
    for (size_t limit = 0; limit < 600; limit += 37) {
        AUTO_BUF struct buf b;
        buf_init(&b, limit);
        for (size_t i = 0; i < limit; i++)
            buf_addc(&b, 'x');
        CHECK_INT(buf_check(&b, "x", &err), 0);
        CHECK_INT(b.len, limit);
        buf_addc(&b, 'y');
        CHECK_INT(buf_check(&b, "the answer", &err), -1);
        CHECK_INT(err.kind, ERR_LIMIT);
        CHECK_HAS(err.msg, "the answer is larger than");
        buf_adds(&b, "more"); /* a failure sticks */
        CHECK(b.failed && !b.ptr && !buf_reserve(&b, 0));
        buf_reset(&b);
        CHECK_INT(buf_check(&b, "x", &err), 0);
    }
}

static void test_arena(void)
{
    struct arena a;
    struct err err;
    CHECK_INT(arena_init(&a, 1, &err), 0);
    CHECK_INT(a.cap, sysconf(_SC_PAGESIZE));
    char *p = arena_alloc(&a, 1), *q = arena_alloc(&a, 17);
    CHECK(p && (uintptr_t)p % ARENA_ALIGN == 0 && q == p + ARENA_ALIGN);
    size_t mark = arena_mark(&a);
    CHECK_INT(mark, 3 * ARENA_ALIGN);
    CHECK_STR(arena_strndup(&a, "hello", 4), "hell");
    CHECK_STR(arena_strndup(&a, NULL, 0), "");
    arena_rewind(&a, mark);
    CHECK_INT(a.used, mark);
    CHECK(!arena_alloc(&a, a.cap) && !arena_alloc(&a, SIZE_MAX) && !arena_alloc(&a, SIZE_MAX - 7));
    CHECK(!arena_strndup(&a, "x", SIZE_MAX) && a.used == mark);
    CHECK(arena_alloc(&a, a.cap - mark) != NULL);
    CHECK(!arena_alloc(&a, 1) && arena_alloc(&a, 0));
    arena_reset(&a);
    CHECK(a.used == 0 && a.peak == a.cap);
    arena_trim(&a, 0);
    CHECK_INT(a.peak, 0);
    CHECK_INT(a.base[0], 0); /* a page given back comes again as zeros */
    a.base[0] = 1;
    CHECK(arena_alloc(&a, 1) != NULL);
    arena_reset(&a);
    arena_trim(&a, a.cap); /* kept now, and given back when less is wanted later */
    CHECK_INT(a.base[0], 1);
    arena_trim(&a, 0);
    CHECK_INT(a.base[0], 0);
    arena_fini(&a);
    arena_fini(&a);
    CHECK_INT(arena_init(&a, SIZE_MAX, &err), -1);
    CHECK_INT(err.kind, ERR_MEMORY);
    CHECK_INT(arena_init(&a, (size_t)1 << 62, &err), -1);
    CHECK_INT(err.kind, ERR_SYSTEM);
}

static void test_err(void)
{
    struct err err;
    CHECK_INT(err_set(&err, ERR_USAGE, "bad '%s'", "x"), -1);
    CHECK(err.kind == ERR_USAGE && err.sys == 0);
    CHECK_STR(err.msg, "bad 'x'");
    CHECK_INT(err_wrap(&err, "in %d", 7), -1);
    CHECK_STR(err.msg, "in 7: bad 'x'");
    CHECK_INT(err.kind, ERR_USAGE);
    errno = ENOENT;
    CHECK_INT(err_sys(&err, "open '%s'", "y"), -1);
    CHECK(err.kind == ERR_SYSTEM && err.sys == ENOENT);
    CHECK_STR(err.msg, "open 'y': No such file or directory");
    char longer[2 * ERR_MSG_MAX];
    memset(longer, 'z', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    err_set(&err, ERR_INPUT, "%s", longer);
    CHECK_INT(strlen(err.msg), ERR_MSG_MAX - 1);
    err_wrap(&err, "%s", "w");
    CHECK_INT(strlen(err.msg), ERR_MSG_MAX - 1);
    CHECK_HAS(err.msg, "w: zzz");
    err_wrap(&err, "%s", longer);
    CHECK_INT(strlen(err.msg), ERR_MSG_MAX - 1);
}

static const struct check_test tests[] = {
    {"code points", test_code_points}, {"utf8", test_utf8},   {"buf", test_buf},
    {"limit of buf", test_buf_limit},  {"arena", test_arena}, {"err", test_err},
};
CHECK_MAIN(tests)
