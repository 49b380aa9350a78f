/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <zlib.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/line.h"
#include "base/utf8.h"
#include "trace/read.h"
#include "trace/recording.h"
#include "trace/unpack.h"

#define PACKED_MAX (TRACE_LINE_MAX + (TRACE_LINE_MAX >> 8))

struct trace_writer {
    int fd;
    char *path, *function, *digest; /* heap */
    const struct redact *redact;
    struct redactor *redactor; /* NULL: nothing is replaced */
    bool packs;
    bool torn; /* what is at the end of the file does not end its line */
    struct buf line, packed;
    z_stream z;
};

/* ---- the line ---------------------------------------------------------------------------------
 */

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 && c != '\t' && c != '\n' && c != '\r';
}

/* As a JSON string it can be read, and does not become many times as long. */
static bool is_readable(struct trace_text t)
{
    size_t controls = 0;
    if (utf8_valid_prefix(t.ptr, t.len) != t.len)
        return false;
    for (size_t i = 0; i < t.len; i++)
        controls += is_control(t.ptr[i]);
    return controls <= t.len / 8;
}

static void add_name(struct buf *b, const char *name)
{
    buf_adds(b, b->len && b->ptr[b->len - 1] == '{' ? "\"" : ",\"");
    buf_adds(b, name);
    buf_adds(b, "\":");
}

static void add_text(struct buf *b, const char *name, struct trace_text t)
{
    if (!t.ptr)
        return;
    add_name(b, name);
    buf_add_json_string(b, t.ptr, t.len);
}

static void add_string(struct buf *b, const char *name, const char *text)
{
    if (text)
        add_text(b, name, (struct trace_text){text, strlen(text)});
}

static void add_number(struct buf *b, const char *name, int64_t number)
{
    if (number < 0)
        return;
    add_name(b, name);
    buf_addf(b, "%lld", (long long)number);
}

/* Bytes that are no text: under another name, so that a text is never taken for base64. */
static void add_bytes(struct buf *b, const char *name, const char *name64, struct trace_text t)
{
    if (!t.ptr || is_readable(t)) {
        add_text(b, name, t);
        return;
    }
    add_name(b, name64);
    buf_addc(b, '"');
    char *out = buf_reserve(b, BASE64_ENCODED(t.len));
    if (out)
        b->len += base64_encode(t.ptr, t.len, out);
    buf_addc(b, '"');
}

static void add_time(struct buf *b, int64_t time_ms)
{
    char text[32];
    struct tm tm;
    time_t seconds = (time_t)(time_ms / 1000);
    if (time_ms < 0 || !gmtime_r(&seconds, &tm) ||
        !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm))
        return;
    add_name(b, "time");
    buf_addf(b, "\"%s.%03dZ\"", text, (int)(time_ms % 1000));
}

/* Whole lines of at most TRACE_LOG_MAX bytes together; gives whether there are more. */
static bool add_log(struct buf *b, struct trace_text log)
{
    size_t at = 0, len, total = 0;
    const char *line;
    add_name(b, "log");
    buf_addc(b, '[');
    while ((line = line_next(log.ptr, log.len, &at, &len)) && total + len <= TRACE_LOG_MAX) {
        if (total)
            buf_addc(b, ',');
        buf_add_json_string(b, line, len);
        total += len + 1;
    }
    buf_addc(b, ']');
    return line != NULL;
}

static void add_result(struct buf *b, const struct trace_entry *e)
{
    if (e->status != TRACE_STATUS_UNKNOWN)
        add_string(b, "status", trace_status_names[e->status]);
    add_text(b, "error_type", e->error_type);
    add_bytes(b, "answer", "answer_base64", e->answer);
    bool cut = e->log_cut;
    if (e->log.ptr && e->log.len)
        cut |= add_log(b, e->log);
    if (cut) {
        add_name(b, "log_cut");
        buf_adds(b, "true");
    }
    add_number(b, "duration_us", e->duration_us);
    add_number(b, "init_us", e->init_us);
    add_number(b, "memory_mb", e->memory_mb);
    add_number(b, "max_memory_mb", e->max_memory_mb);
}

static void add_line(const struct trace_writer *w, const struct trace_entry *e, struct buf *b)
{
    buf_addf(b, "%s%d", RECORDING_MARK, TRACE_FORMAT);
    add_string(b, "function", w->function);
    add_string(b, "digest", w->digest);
    if (w->redact)
        add_string(b, "redaction", w->redact->id);
    add_text(b, "environment", e->environment);
    add_number(b, "position", e->position);
    if (e->cold_known) {
        add_name(b, "cold");
        buf_adds(b, e->cold ? "true" : "false");
    }
    add_text(b, "request_id", e->request_id);
    add_time(b, e->time_ms);
    add_text(b, "client_context", e->client_context);
    add_text(b, "cognito_identity", e->cognito_identity);
    add_text(b, "trace_id", e->trace_id);
    add_bytes(b, "event", "event_base64", e->event);
    add_result(b, e);
    buf_adds(b, "}\n");
}

/* ---- the file ---------------------------------------------------------------------------------
 */

/* One call, so that lines of several recorders do not mix. */
static int append(struct trace_writer *w, const char *bytes, size_t len, struct err *err)
{
    while (len) {
        ssize_t n = write(w->fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, "write to the recording '%.200s'", w->path);
        w->torn = true;
        bytes += n;
        len -= (size_t)n;
    }
    w->torn = false;
    return 0;
}

static void put_length(char *at, size_t len)
{
    for (int i = 0; i < 4; i++)
        at[i] = (char)(len >> 8 * i & 0xff);
}

/* A gzip member with its own length in the header; see unpack.h. */
static int pack(struct trace_writer *w, struct err *err)
{
    struct buf *out = &w->packed;
    size_t bound = deflateBound(&w->z, w->line.len) + UNPACK_HEAD_LEN + UNPACK_TAIL_LEN;
    buf_reset(out);
    char *at = buf_reserve(out, bound);
    if (!at)
        return buf_check(out, "a packed line of the recording", err);
    deflateReset(&w->z);
    memcpy(at, UNPACK_MARK, UNPACK_MARK_LEN);
    w->z.next_in = (Bytef *)w->line.ptr;
    w->z.avail_in = (uInt)w->line.len;
    w->z.next_out = (Bytef *)at + UNPACK_HEAD_LEN;
    w->z.avail_out = (uInt)(bound - UNPACK_HEAD_LEN - UNPACK_TAIL_LEN);
    if (deflate(&w->z, Z_FINISH) != Z_STREAM_END)
        return err_set(err, ERR_SYSTEM, "pack a line of the recording: %s",
                       w->z.msg ? w->z.msg : "no reason given");
    char *tail = at + UNPACK_HEAD_LEN + w->z.total_out;
    put_length(tail, crc32(crc32(0, NULL, 0), (const Bytef *)w->line.ptr, (uInt)w->line.len));
    put_length(tail + 4, w->line.len);
    out->len = UNPACK_HEAD_LEN + w->z.total_out + UNPACK_TAIL_LEN;
    put_length(at + UNPACK_MARK_LEN, out->len);
    return 0;
}

int trace_write(struct trace_writer *w, const struct trace_entry *entry, struct err *err)
{
    struct trace_entry hidden = *entry;
    buf_reset(&w->line);
    if (w->redactor && redactor_apply(w->redactor, &hidden, err) < 0)
        return -1;
    if (w->torn && !w->packs)
        buf_addc(&w->line, '\n');
    add_line(w, &hidden, &w->line);
    if (buf_check(&w->line, "a line of the recording", err) < 0)
        return -1;
    if (!w->packs)
        return append(w, w->line.ptr, w->line.len, err);
    return pack(w, err) < 0 ? -1 : append(w, w->packed.ptr, w->packed.len, err);
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

/* What a file packed by others begins with; ours may be torn behind the member's head. */
static ssize_t read_head(const struct trace_writer *w, int fd, char *head, size_t len)
{
    char mark[UNPACK_MARK_LEN];
    struct err ignored;
    size_t have = 0;
    if (!w->packs)
        return pread(fd, head, len, 0);
    ssize_t n = pread(fd, mark, sizeof mark, 0);
    if (n > 0 && memcmp(mark, UNPACK_MARK, (size_t)n) == 0)
        return 0;
    struct unpack *u = n <= 0 ? NULL : unpack_open(fd, 0, &ignored);
    for (long got = 1; u && got > 0 && have<len; have += got> 0 ? (size_t)got : 0)
        got = unpack_read(u, head + have, len - have, &ignored);
    unpack_close(u);
    return n < 0 ? -1 : (ssize_t)(have ? have : len);
}

/* Looks at what is there already: a recording of the same form, or nothing. */
static int check_content(struct trace_writer *w, off_t size, struct err *err)
{
    char head[RECORDING_MARK_LEN + 1] = "", magic[UNPACK_MAGIC_LEN] = UNPACK_MAGIC, last;
    AUTO_FD int fd = open(w->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_sys(err, "open '%.200s' to see what is in it", w->path);
    ssize_t have = read_head(w, fd, head, RECORDING_MARK_LEN);
    if (have < 0 || pread(fd, &last, 1, size - 1) != 1 ||
        (w->packs && pread(fd, magic, sizeof magic, 0) < 0))
        return err_sys(err, "read '%.200s'", w->path);
    if (memcmp(head, RECORDING_MARK, (size_t)have) != 0 ||
        memcmp(magic, UNPACK_MAGIC, sizeof magic) != 0)
        return err_set(err, ERR_INPUT,
                       "'%.200s' is there already and is no recording%s: name another file",
                       w->path, w->packs ? " in gzip" : "");
    w->torn = last != '\n';
    return 0;
}

static int open_file(struct trace_writer *w, struct err *err)
{
    struct stat st;
    w->fd = open(w->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
    if (w->fd < 0 || fstat(w->fd, &st) < 0) {
        err_sys(err, "open the recording '%.200s'", w->path);
        err->kind = ERR_INPUT;
        return -1;
    }
    if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode))
        return err_set(err, ERR_INPUT, "'%.200s' is no file: a recording is one", w->path);
    return S_ISREG(st.st_mode) && st.st_size ? check_content(w, st.st_size, err) : 0;
}

static char *copy(const char *text, struct err *err)
{
    char *made = text ? strdup(text) : NULL;
    if (text && !made)
        err_set(err, ERR_MEMORY, "no memory for a recording");
    return made;
}

static int build(struct trace_writer *w, const struct trace_write_options *o, struct err *err)
{
    w->path = copy(o->path, err);
    w->function = copy(o->function, err);
    w->digest = copy(o->digest, err);
    if (!w->path || (o->function && !w->function) || (o->digest && !w->digest))
        return -1;
    w->packs = ends_with(o->path, ".gz");
    buf_init(&w->line, TRACE_LINE_MAX);
    buf_init(&w->packed, PACKED_MAX);
    if (w->packs &&
        deflateInit2(&w->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return err_set(err, ERR_MEMORY, "no memory to pack a recording");
    if (o->redact && o->redact->count) {
        w->redact = o->redact;
        w->redactor = redactor_open(o->redact, err);
        if (!w->redactor)
            return -1;
    }
    return open_file(w, err);
}

struct trace_writer *trace_writer_open(const struct trace_write_options *o, struct err *err)
{
    struct trace_writer *w = calloc(1, sizeof *w);
    struct err ignored;
    if (!w) {
        err_set(err, ERR_MEMORY, "no memory for a recording");
        return NULL;
    }
    w->fd = -1;
    if (build(w, o, err) == 0)
        return w;
    trace_writer_close(w, &ignored);
    return NULL;
}

int trace_writer_close(struct trace_writer *w, struct err *err)
{
    if (!w)
        return 0;
    int status = 0;
    if (w->fd >= 0 && close(w->fd) < 0 && errno != EINTR)
        status = err_sys(err, "write to the recording '%.200s'", w->path);
    if (w->packs)
        deflateEnd(&w->z);
    redactor_close(w->redactor);
    buf_free(&w->line);
    buf_free(&w->packed);
    free(w->path);
    free(w->function);
    free(w->digest);
    free(w);
    return status;
}
