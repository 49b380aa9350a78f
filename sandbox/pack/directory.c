/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/directory.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "pack/limits.h"
#include "pack/path.h"

enum {
    END_SIZE = 22,
    END_COMMENT_MAX = 65535,
    LOCATOR_SIZE = 20,
    END64_SIZE = 56,
    CENTRAL_SIZE = 46,
    LOCAL_SIZE = 30,
    SIGNATURE_CENTRAL = 0x02014b50,
    SIGNATURE_LOCAL = 0x04034b50,
    SIGNATURE_END = 0x06054b50,
    SIGNATURE_END64 = 0x06064b50,
    SIGNATURE_LOCATOR = 0x07064b50,
    FLAG_BEHIND = 1 << 3, /* a record behind the data has its sum and sizes */
    FLAGS_ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13, /* plainly, strongly, the directory as well */
    METHOD_STORED = 0,
    METHOD_DEFLATED = 8,
    HOST_UNIX = 3,
    HOST_MACOS = 19,
    DOS_FOLDER = 0x10,
    EXTRA_ZIP64 = 0x0001,
    EXTRA_TIME = 0x5455,
};

struct range {
    uint64_t start, size, count;
    uint64_t file_size;
};

static uint16_t get16(const char *p)
{
    const uint8_t *u = (const uint8_t *)p;
    return (uint16_t)(u[0] | u[1] << 8);
}

static uint32_t get32(const char *p)
{
    return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static uint64_t get64(const char *p)
{
    return get32(p) | (uint64_t)get32(p + 4) << 32;
}

static int read_at(int fd, void *out, size_t len, uint64_t offset, struct err *err)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pread(fd, (char *)out + done, len - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, "read at %llu", (unsigned long long)(offset + done));
        if (n == 0)
            return err_set(err, ERR_INPUT, "the file ends within its directory");
        done += (size_t)n;
    }
    return 0;
}

/* The last end record whose comment reaches exactly to the end of the file. NULL: none. */
static const char *find_end(const char *tail, size_t len)
{
    for (size_t at = len >= END_SIZE ? len - END_SIZE + 1 : 0; at-- > 0;)
        if (get32(tail + at) == SIGNATURE_END && get16(tail + at + 20) == len - at - END_SIZE)
            return tail + at;
    return NULL;
}

/* A zip64 record holds what does not fit into the plain one. */
static int read_end64(int fd, uint64_t locator_at, const char *locator, struct range *r,
                      struct err *err)
{
    char end[END64_SIZE];
    uint64_t at = get64(locator + 8);
    if (locator_at < END64_SIZE || at > locator_at - END64_SIZE)
        return err_set(err, ERR_INPUT, "its zip64 record is out of place");
    if (read_at(fd, end, sizeof end, at, err))
        return -1;
    if (get32(end) != SIGNATURE_END64 || get32(end + 16) || get32(end + 20))
        return err_set(err, ERR_INPUT, "its zip64 record is damaged");
    r->count = get64(end + 32);
    r->size = get64(end + 40);
    r->start = get64(end + 48);
    if (r->start > at || at - r->start != r->size)
        return err_set(err, ERR_INPUT, "its central directory is not where the zip64 record says");
    return 0;
}

static int find_range(int fd, struct range *r, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st))
        return err_sys(err, "stat the zip");
    r->file_size = (uint64_t)st.st_size;
    size_t len = END_SIZE + END_COMMENT_MAX + LOCATOR_SIZE;
    if (r->file_size < len)
        len = (size_t)r->file_size;
    AUTO_FREE char *tail = malloc(len + 1);
    if (!tail)
        return err_set(err, ERR_MEMORY, "no memory for the end of the zip");
    if (read_at(fd, tail, len, r->file_size - len, err))
        return -1;
    const char *end = find_end(tail, len);
    if (!end)
        return err_set(err, ERR_INPUT, "has no end record: not a zip, or cut off");
    size_t before = (size_t)(end - tail);
    uint64_t end_at = r->file_size - len + before;
    if (before >= LOCATOR_SIZE && get32(end - LOCATOR_SIZE) == SIGNATURE_LOCATOR)
        return read_end64(fd, end_at - LOCATOR_SIZE, end - LOCATOR_SIZE, r, err);
    if (get16(end + 4) || get16(end + 6) || get16(end + 8) != get16(end + 10))
        return err_set(err, ERR_INPUT, "is one part of several");
    r->count = get16(end + 10);
    r->size = get32(end + 12);
    r->start = get32(end + 16);
    if (r->start > end_at || end_at - r->start != r->size)
        return err_set(err, ERR_INPUT,
                       "its central directory is not where the end record says (damaged, or "
                       "something was put before or behind it)");
    return 0;
}

/* The field of that id in an entry's extra data; NULL when there is none. */
static const char *find_extra(const char *extra, size_t len, uint16_t id, size_t *out_len)
{
    for (size_t at = 0; len - at >= 4;) {
        size_t size = get16(extra + at + 2);
        if (size > len - at - 4)
            return NULL;
        if (get16(extra + at) == id) {
            *out_len = size;
            return extra + at + 4;
        }
        at += 4 + size;
    }
    return NULL;
}

static int64_t dos_time(uint16_t date, uint16_t time)
{
    struct tm tm = {
        .tm_year = (date >> 9) + 80,
        .tm_mon = (date >> 5 & 15) ? (date >> 5 & 15) - 1 : 0,
        .tm_mday = (date & 31) ? date & 31 : 1,
        .tm_hour = time >> 11,
        .tm_min = time >> 5 & 63,
        .tm_sec = (time & 31) * 2,
    };
    return timegm(&tm);
}

static mode_t mode_of(const char *p, bool slash)
{
    uint32_t attributes = get32(p + 38);
    uint8_t host = (uint8_t)p[5];
    if (host == HOST_UNIX || host == HOST_MACOS) {
        mode_t mode = (mode_t)(attributes >> 16);
        if ((mode & S_IFMT) == 0)
            mode |= slash ? S_IFDIR : S_IFREG;
        return mode;
    }
    return slash || attributes & DOS_FOLDER ? S_IFDIR | 0755 : S_IFREG | 0644;
}

/* Takes the 64-bit values in the order of the 32-bit fields that are full. */
static int widen(struct directory_entry *e, const char *extra, size_t len, struct err *err)
{
    uint64_t *fields[] = {&e->size, &e->packed, &e->offset};
    size_t wide_len = 0, at = 0;
    const char *wide = find_extra(extra, len, EXTRA_ZIP64, &wide_len);
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (*fields[i] != UINT32_MAX)
            continue;
        if (!wide || wide_len - at < 8)
            return err_set(err, ERR_INPUT, "lacks its 64-bit sizes");
        *fields[i] = get64(wide + at);
        at += 8;
    }
    return 0;
}

/* The next entry from p on; gives its length there, 0 on failure. */
static size_t parse_entry(const char *p, size_t left, struct directory_entry *out, struct err *err)
{
    struct directory_entry e = {0};
    if (left < CENTRAL_SIZE || get32(p) != SIGNATURE_CENTRAL) {
        err_set(err, ERR_INPUT, "its central directory is damaged");
        return 0;
    }
    size_t extra_len = get16(p + 30), comment_len = get16(p + 32);
    e.name = p + CENTRAL_SIZE;
    e.name_len = get16(p + 28);
    size_t whole = CENTRAL_SIZE + e.name_len + extra_len + comment_len;
    if (whole > left) {
        err_set(err, ERR_INPUT, "its central directory is damaged");
        return 0;
    }
    const char *extra = e.name + e.name_len;
    e.flags = get16(p + 8);
    e.method = get16(p + 10);
    e.crc = get32(p + 16);
    e.packed = get32(p + 20);
    e.size = get32(p + 24);
    e.offset = get32(p + 42);
    e.mode = mode_of(p, e.name_len && e.name[e.name_len - 1] == '/');
    *out = e; /* for the message of a failure */
    if (widen(out, extra, extra_len, err))
        return 0;
    size_t time_len = 0;
    const char *time = find_extra(extra, extra_len, EXTRA_TIME, &time_len);
    out->mtime = time && time_len >= 5 && time[0] & 1 ? (int32_t)get32(time + 1)
                                                      : dos_time(get16(p + 14), get16(p + 12));
    return whole;
}

static int check_entry(const struct directory_entry *e, struct err *err)
{
    mode_t type = e->mode & S_IFMT;
    if (e->flags & FLAGS_ENCRYPTED)
        return err_set(err, ERR_INPUT, "is encrypted");
    if (type != S_IFREG && type != S_IFDIR && type != S_IFLNK)
        return err_set(err, ERR_INPUT, "is neither file, folder nor symbolic link (mode %o)",
                       (unsigned)e->mode);
    if (e->method != METHOD_STORED && e->method != METHOD_DEFLATED)
        return err_set(err, ERR_INPUT, "is compressed by method %u: only deflate is taken",
                       e->method);
    if (e->method == METHOD_STORED && e->packed != e->size)
        return err_set(err, ERR_INPUT, "is stored, but with two sizes");
    if (type == S_IFLNK && (e->size == 0 || e->size > PACK_LINK_MAX))
        return err_set(err, ERR_INPUT, "is a link with a target of %llu bytes, not 1 to %d",
                       (unsigned long long)e->size, PACK_LINK_MAX);
    if (type == S_IFDIR && e->size)
        return err_set(err, ERR_INPUT, "is a folder with content");
    if (memchr(e->name, '\0', e->name_len))
        return err_set(err, ERR_INPUT, "has a NUL byte in its name");
    return 0;
}

/* The 64-bit sizes in front of the data, size and packed. */
static int read_local_wide(int fd, const struct directory_entry *e, size_t extra_len,
                           uint64_t out[2], struct err *err)
{
    size_t wide_len = 0;
    AUTO_FREE char *extra = malloc(extra_len + 1);
    if (!extra)
        return err_set(err, ERR_MEMORY, "no memory for an extra field");
    if (read_at(fd, extra, extra_len, e->offset + LOCAL_SIZE + e->name_len, err))
        return -1;
    const char *wide = find_extra(extra, extra_len, EXTRA_ZIP64, &wide_len);
    if (!wide || wide_len < 16)
        return err_set(err, ERR_INPUT, "lacks its 64-bit sizes in front of its data");
    out[0] = get64(wide);
    out[1] = get64(wide + 8);
    return 0;
}

/* A reader that takes the sizes from here must see the same file. */
static int check_local_sizes(int fd, const struct directory_entry *e, const char *head,
                             struct err *err)
{
    bool behind = get16(head + 6) & FLAG_BEHIND;
    uint32_t crc = get32(head + 14);
    uint64_t values[] = {get32(head + 22), get32(head + 18)};
    const uint64_t wanted[] = {e->size, e->packed};
    if ((values[0] == UINT32_MAX || values[1] == UINT32_MAX) &&
        read_local_wide(fd, e, get16(head + 28), values, err))
        return -1;
    bool same = crc == e->crc || (behind && crc == 0);
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        same = same && (values[i] == wanted[i] || (behind && values[i] == 0));
    return same ? 0 : err_set(err, ERR_INPUT, "has another sum or size in front of its data");
}

/* The header in front of the data says the same, and the data ends before limit. */
static int check_local(int fd, const struct directory_entry *e, uint64_t limit, struct err *err)
{
    char head[LOCAL_SIZE + PACK_NAME_MAX];
    if (e->name_len > PACK_NAME_MAX)
        return err_set(err, ERR_LIMIT, "has a name of %zu bytes, at most %d", e->name_len,
                       PACK_NAME_MAX);
    size_t len = LOCAL_SIZE + e->name_len;
    if (e->offset > limit || limit - e->offset < len)
        return err_set(err, ERR_INPUT, "its data is out of place");
    if (read_at(fd, head, len, e->offset, err))
        return -1;
    if (get32(head) != SIGNATURE_LOCAL)
        return err_set(err, ERR_INPUT, "has no header in front of its data");
    if (get16(head + 26) != e->name_len || memcmp(head + LOCAL_SIZE, e->name, e->name_len) != 0)
        return err_set(err, ERR_INPUT, "has another name in front of its data");
    if (get16(head + 8) != e->method || get16(head + 6) & FLAGS_ENCRYPTED)
        return err_set(err, ERR_INPUT, "has another method in front of its data");
    uint64_t room = limit - e->offset - len, extra = get16(head + 28);
    if (room < extra || room - extra < e->packed)
        return err_set(err, ERR_INPUT, "its data overlaps what follows");
    return check_local_sizes(fd, e, head, err);
}

static int by_offset(const void *a, const void *b)
{
    uint64_t x = ((const struct directory_entry *)a)->offset;
    uint64_t y = ((const struct directory_entry *)b)->offset;
    return (x > y) - (x < y);
}

static int wrap_entry(const struct directory_entry *e, struct err *err)
{
    char name[128];
    return err_wrap(err, "entry '%s'", path_show(e->name, e->name_len, name, sizeof name));
}

static int parse_all(struct directory *d, const struct range *r, struct err *err)
{
    uint64_t total = 0;
    size_t at = 0;
    for (; d->count < r->count; d->count++) {
        struct directory_entry *e = &d->entries[d->count];
        size_t len = parse_entry(d->bytes + at, (size_t)r->size - at, e, err);
        if (len == 0)
            return e->name ? wrap_entry(e, err) : -1;
        if (check_entry(e, err))
            return wrap_entry(e, err);
        if (e->size > PACK_UNPACKED_MAX - total)
            return err_set(err, ERR_LIMIT, "Unzipped size must be smaller than %llu bytes",
                           PACK_UNPACKED_MAX);
        total += e->size;
        at += len;
    }
    if (at != r->size)
        return err_set(err, ERR_INPUT,
                       "its central directory has more than the %zu entries it says", d->count);
    return 0;
}

static int check_locals(int fd, const struct directory *d, struct err *err)
{
    for (size_t i = 0; i < d->count; i++) {
        const struct directory_entry *e = &d->entries[i];
        uint64_t limit = i + 1 < d->count ? e[1].offset : d->start;
        if (check_local(fd, e, limit, err))
            return wrap_entry(e, err);
    }
    return 0;
}

static int fill(int fd, struct directory *d, const struct range *r, struct err *err)
{
    d->start = r->start;
    d->bytes = malloc((size_t)r->size + 1);
    d->entries = calloc((size_t)r->count + 1, sizeof *d->entries);
    if (!d->bytes || !d->entries)
        return err_set(err, ERR_MEMORY, "no memory for the central directory");
    if (read_at(fd, d->bytes, (size_t)r->size, r->start, err) || parse_all(d, r, err))
        return -1;
    qsort(d->entries, d->count, sizeof *d->entries, by_offset);
    return check_locals(fd, d, err);
}

int directory_read(int zip_fd, struct directory *out, struct err *err)
{
    struct range r = {0};
    struct directory d = {0};
    if (find_range(zip_fd, &r, err))
        return -1;
    if (r.count == 0)
        return err_set(err, ERR_INPUT, "Uploaded file must be a non-empty zip");
    if (r.count > PACK_ENTRIES_MAX || r.size > PACK_DIRECTORY_MAX)
        return err_set(err, ERR_LIMIT,
                       "has %llu entries in %llu bytes of directory, at most %d in %d",
                       (unsigned long long)r.count, (unsigned long long)r.size, PACK_ENTRIES_MAX,
                       PACK_DIRECTORY_MAX);
    if (fill(zip_fd, &d, &r, err)) {
        directory_free(&d);
        return -1;
    }
    *out = d;
    return 0;
}

void directory_free(struct directory *d)
{
    free(d->entries);
    free(d->bytes);
    *d = (struct directory){0};
}
