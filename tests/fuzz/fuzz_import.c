/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the file of a trace that others have written, as it is and as each kind it may be
 * said to be: what is given as an event is JSON, what is given as a measurement is complete. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "trace/import_report.h"

#include "fuzz.h"

static void check_log(const struct trace_entry *e)
{
    FUZZ_CHECK(!e->event.ptr && e->duration_us >= 0 && e->request_id.len == IMPORT_ID_LEN);
    FUZZ_CHECK(import_is_id(e->request_id.ptr, e->request_id.len));
    FUZZ_CHECK(!(e->init_us >= 0) || e->cold);
}

static void check_event(const struct trace_entry *e)
{
    struct scan_fault fault;
    FUZZ_CHECK(e->event.ptr && scan_valid(e->event.ptr, e->event.len, &fault));
    FUZZ_CHECK(!e->answer.ptr || scan_valid(e->answer.ptr, e->answer.len, &fault));
    FUZZ_CHECK(e->answer.ptr || !e->error_type.ptr);
}

struct sum {
    size_t entries;
    int status;
    enum trace_kind kind;
};

static struct sum read_all(int fd, const enum trace_kind *kind)
{
    char path[64];
    const char *paths[] = {path};
    struct err err = {0};
    struct sum sum = {0};
    struct trace_entry e;
    struct trace_read_options o = {.paths = paths, .npaths = 1, .kind = kind};
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct trace_reader *r = trace_open(&o, &err);
    FUZZ_CHECK(r);
    while ((sum.status = trace_next(r, &e, &err)) > 0) {
        sum.kind = trace_kind(r);
        sum.entries++;
        if (sum.kind == TRACE_KIND_LOG_EXPORT)
            check_log(&e);
        else if (sum.kind != TRACE_KIND_RECORDING)
            check_event(&e);
    }
    FUZZ_CHECK(sum.status == 0 || err.msg[0]);
    trace_close(r);
    return sum;
}

/* A document that is an event all the same is one event. */
static void check_kinds(const uint8_t *data, size_t size, int fd, struct sum found)
{
    const enum trace_kind event = TRACE_KIND_EVENT;
    struct scan_fault fault;
    char *text = malloc(size + 1);
    FUZZ_CHECK(text);
    memcpy(text, data, size);
    text[size] = '\0';
    unsigned kinds = kinds_of(text, size);
    FUZZ_CHECK(memcmp(text, data, size) == 0);
    if (scan_valid(text, size, &fault) && size > 1 && *text == '{') {
        struct sum named = read_all(fd, &event);
        FUZZ_CHECK(found.kind == TRACE_KIND_RECORDING || named.entries == 1);
        FUZZ_CHECK(kinds || found.entries == 1);
    }
    struct kinds_content content;
    kinds_open(text, size, &content);
    FUZZ_CHECK(!content.text.ptr ||
               (content.text.ptr >= text && content.text.ptr + content.text.len <= text + size));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("trace", MFD_CLOEXEC);
    FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    struct sum found = read_all(fd, NULL);
    if (size) {
        enum trace_kind kind = data[size - 1] % TRACE_KIND_COUNT;
        read_all(fd, &kind);
    }
    check_kinds(data, size, fd, found);
    close(fd);
    return 0;
}
