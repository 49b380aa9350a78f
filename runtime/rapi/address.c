/* SPDX-License-Identifier: Apache-2.0 */
#include "rapi/address.h"

#include <string.h>

#define HOST_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
#define PORT_MAX   65535u

static int parse_port(const char *text, unsigned *out, const char **end)
{
    unsigned port = 0;
    size_t digits = strspn(text, "0123456789");
    if (!digits || digits > 5)
        return -1;
    for (size_t i = 0; i < digits; i++)
        port = port * 10 + (unsigned)(text[i] - '0');
    if (!port || port > PORT_MAX)
        return -1;
    *out = port;
    *end = text + digits;
    return 0;
}

static int parse_path(const char *text, struct address *out)
{
    size_t len = strlen(text);
    while (len && text[len - 1] == '/')
        len--;
    if (len > ADDRESS_PATH_MAX || (len && text[0] != '/'))
        return -1;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= 0x20 || c >= 0x7f || c == '?' || c == '#')
            return -1;
    }
    memcpy(out->path, text, len);
    out->path[len] = '\0';
    return 0;
}

int address_parse(const char *text, struct address *out, struct err *err)
{
    const char *p = strncmp(text, "http://", 7) == 0 ? text + 7 : text;
    size_t host = strspn(p, HOST_CHARS);
    if (!host || host > ADDRESS_HOST_MAX)
        return err_set(err, ERR_INPUT, "'%s' is no address: expected HOST:PORT", text);
    memcpy(out->host, p, host);
    out->host[host] = '\0';
    p += host;
    out->port = 80;
    if (*p == ':' && parse_port(p + 1, &out->port, &p) != 0)
        return err_set(err, ERR_INPUT, "'%s' has no port between 1 and %u", text, PORT_MAX);
    if (parse_path(p, out) != 0)
        return err_set(err, ERR_INPUT, "'%s' is no address: '%s' cannot follow HOST:PORT", text, p);
    return 0;
}
