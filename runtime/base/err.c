/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int err_setv(struct err *err, enum err_kind kind, const char *fmt, va_list args)
{
    err->kind = kind;
    err->sys = 0;
    vsnprintf(err->msg, sizeof err->msg, fmt, args);
    return -1;
}

int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    err_setv(err, kind, fmt, args);
    va_end(args);
    return -1;
}

int err_sys(struct err *err, const char *fmt, ...)
{
    int sys = errno;
    va_list args;
    va_start(args, fmt);
    err_setv(err, ERR_SYSTEM, fmt, args);
    va_end(args);
    err->sys = sys;

    size_t used = strlen(err->msg);
    snprintf(err->msg + used, sizeof err->msg - used, ": %s", strerror(sys));
    return -1;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
    char context[ERR_MSG_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(context, sizeof context, fmt, args);
    va_end(args);

    char inner[ERR_MSG_MAX];
    memcpy(inner, err->msg, sizeof inner);
    size_t used = (size_t)snprintf(err->msg, sizeof err->msg, "%s: ", context);
    if (used < sizeof err->msg) {
        size_t room = sizeof err->msg - used - 1, len = strnlen(inner, room);
        memcpy(err->msg + used, inner, len);
        err->msg[used + len] = '\0';
    }
    return -1;
}

int err_place(struct err *err)
{
    static const int theirs[] = {ENOENT, ENOTDIR, EACCES,       EPERM,
                                 EROFS,  ELOOP,   ENAMETOOLONG, EISDIR};
    for (size_t i = 0; i < ARRAY_LEN(theirs); i++)
        if (err->kind == ERR_SYSTEM && err->sys == theirs[i])
            err->kind = ERR_INPUT;
    return -1;
}
