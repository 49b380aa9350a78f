/* SPDX-License-Identifier: Apache-2.0 */
#include "env/ids.h"

#include <ctype.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

static int random_bytes(unsigned char *out, size_t len, struct err *err)
{
    /* up to 256 bytes are never interrupted */
    if (getrandom(out, len, 0) != (ssize_t)len)
        return err_sys(err, "read random bytes for an id");
    return 0;
}

static void hex(const unsigned char *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

void ids_uuid_from(const unsigned char bytes[static 16], char out[static IDS_UUID_SIZE])
{
    static const unsigned char groups[] = {4, 2, 2, 2, 6};
    unsigned char b[16];
    for (size_t i = 0; i < sizeof b; i++)
        b[i] = bytes[i];
    b[6] = (unsigned char)(0x40 | (b[6] & 0x0f));
    b[8] = (unsigned char)(0x80 | (b[8] & 0x3f));
    const unsigned char *from = b;
    for (size_t i = 0; i < sizeof groups; i++) {
        hex(from, groups[i], out);
        from += groups[i];
        out += 2 * groups[i];
        *out++ = i + 1 < sizeof groups ? '-' : '\0';
    }
}

int ids_uuid(char out[static IDS_UUID_SIZE], struct err *err)
{
    unsigned char bytes[16];
    if (random_bytes(bytes, sizeof bytes, err) < 0)
        return -1;
    ids_uuid_from(bytes, out);
    return 0;
}

bool ids_is_uuid(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    size_t i = 0;
    while (form[i] && (form[i] == 'x' ? isxdigit((unsigned char)text[i]) : text[i] == '-'))
        i++;
    return !form[i] && !text[i];
}

int ids_log_stream(int64_t now_ms, char out[static IDS_LOG_STREAM_SIZE], struct err *err)
{
    unsigned char bytes[16];
    char digits[33] = {0};
    struct tm day;
    time_t seconds = (time_t)(now_ms / 1000);
    if (random_bytes(bytes, sizeof bytes, err) < 0)
        return -1;
    if (!gmtime_r(&seconds, &day))
        return err_sys(err, "date for the log stream's name");
    hex(bytes, sizeof bytes, digits);
    size_t n = strftime(out, IDS_LOG_STREAM_SIZE, "%Y/%m/%d/", &day);
    snprintf(out + n, IDS_LOG_STREAM_SIZE - n, "[$LATEST]%s", digits);
    return 0;
}
