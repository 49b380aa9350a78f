/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the file of a trace: what is read does not depend on how the bytes come in; of a
 * recording, every prefix is read, too, and what is written of it is read as the same. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "trace/recording.h"
#include "trace/source.h"
#include "trace/write.h"

#include "fuzz.h"

struct seen {
    uint32_t sum;
    size_t count;
    int status;
};

static void add(struct seen *s, struct trace_text t)
{
    s->sum = s->sum * 31 + (t.ptr ? 1 : 0);
    for (size_t i = 0; i < t.len; i++)
        s->sum = s->sum * 31 + (unsigned char)t.ptr[i];
}

static void add_entry(struct seen *s, const struct trace_entry *e)
{
    const struct trace_text texts[] = {e->event,      e->client_context, e->cognito_identity,
                                       e->trace_id,   e->answer,         e->error_type,
                                       e->request_id, e->environment,    e->log};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        add(s, texts[i]);
    s->sum += (uint32_t)(e->status + e->time_ms + e->duration_us + e->position);
    s->count++;
}

static int memory_file(const uint8_t *data, size_t size)
{
    int fd = memfd_create("trace", MFD_CLOEXEC);
    FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    return fd;
}

static struct seen read_all(int fd)
{
    char path[64];
    const char *paths[] = {path};
    struct err err = {0};
    struct seen s = {0};
    struct trace_entry e;
    struct trace_read_options o = {.paths = paths, .npaths = 1};
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct trace_reader *r = trace_open(&o, &err);
    FUZZ_CHECK(r);
    while ((s.status = trace_next(r, &e, &err)) > 0)
        add_entry(&s, &e);
    FUZZ_CHECK(s.status == 0 || err.msg[0]);
    trace_close(r);
    return s;
}

/* One line of it, and again what is written of that. */
static void check_line(const uint8_t *data, size_t size)
{
    struct trace_entry e = trace_entry_none;
    struct recording_fault fault;
    struct err err = {0};
    struct seen before = {0}, after;
    char *line = malloc(size + 1), path[64];
    FUZZ_CHECK(line);
    memcpy(line, data, size);
    line[size] = '\0';
    if (recording_parse(line, size, &e, &fault, &err) < 0) {
        FUZZ_CHECK(err.msg[0]);
        FUZZ_CHECK(!fault.rest || (fault.rest > line && fault.rest < line + size));
        free(line);
        return;
    }
    add_entry(&before, &e);
    int fd = memory_file(data, 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct trace_write_options o = {.path = path};
    struct trace_writer *w = trace_writer_open(&o, &err);
    FUZZ_CHECK(w && trace_write(w, &e, &err) == 0 && trace_writer_close(w, &err) == 0);
    after = read_all(fd);
    FUZZ_CHECK(after.status == 0 && after.count == 1);
    /* texts of a log may have had line breaks inside, an empty one is not written */
    FUZZ_CHECK(e.log.ptr || before.sum == after.sum);
    close(fd);
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memory_file(data, size);
    read_all(fd);
    close(fd);
    check_line(data, size);
    return 0;
}
