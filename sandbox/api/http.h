/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd on a libuv loop: accepts connections on a listening socket of ours, lets only one
 * user in when asked to, and hands requests on. One thread, nothing blocks.
 *
 *   listening socket --uv_poll--> accept, owner's uid --> MHD_add_connection
 *   MHD's epoll      --uv_poll--> MHD_run until it has nothing left to do
 *
 * Order of calls: http_open, http_resume and http_drop_all at any time, http_close. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <microhttpd.h>
#include <uv.h>

#include "base/err.h"

/* What a request is about: set by routes.c, cleared when the request ends. */
enum http_task {
    HTTP_NEW,     /* not looked at yet */
    HTTP_REFUSED, /* the body is thrown away, then reply is sent */
    HTTP_NEXT,
    HTTP_PING,
    HTTP_RESPONSE,
    HTTP_ERROR,
    HTTP_INIT_ERROR,
};

/* One connection and its current request. Owned by http.c. */
struct http_conn {
    struct http_conn *next, *prev;
    struct http *http;
    struct MHD_Connection *mhd;
    int fd;
    bool doomed;     /* its socket is shut down; nothing it says counts */
    bool suspended;  /* waits for http_resume */
    bool superseded; /* a newer poll waits in its place */
    bool sending;    /* an event goes out, from memory that is not ours */
    enum http_task task;
    struct MHD_Response *reply; /* of a refused request; borrowed when !reply_owned */
    unsigned status;
    bool reply_owned;
    bool complete;    /* the request has arrived as a whole */
    bool ended;       /* nothing more comes */
    size_t received;  /* bytes of the body so far */
    int64_t since_ms; /* when its request began, or what is waited for now */
    void *data;       /* of the handler, for the current request */
};

struct http_handler {
    enum MHD_Result (*request)(void *cls, struct http_conn *c, const char *url, const char *method);
    enum MHD_Result (*body)(void *cls, struct http_conn *c, const char *bytes, size_t len);
    enum MHD_Result (*finish)(void *cls, struct http_conn *c);
    /* The request is over; complete: its reply was sent. */
    void (*end)(void *cls, struct http_conn *c, bool complete);
};

struct http {
    uv_poll_t listen_poll, epoll_poll;
    uv_idle_t more; /* runs while libmicrohttpd has something to do */
    uv_timer_t sweep;
    struct MHD_Daemon *daemon;
    struct http_conn *conns;
    const struct http_handler *handler;
    void *cls;
    void (*closed)(void *cls);
    int listen_fd, peer_fd;
    int handles;          /* that uv has not closed yet */
    unsigned count, most; /* connections */
    int64_t patience_ms;
    uid_t peer;
    bool or_root;
    const pid_t *process;
    bool resumed; /* a connection was resumed since the last MHD_run */
    bool pumping; /* inside MHD_run: it must not be entered again */
};

struct http_options {
    uv_loop_t *loop;
    int listen_fd;   /* taken over, also on failure */
    bool check_peer; /* only connections of the user peer are let in */
    uid_t peer;
    bool or_root;         /* and those of root */
    const pid_t *process; /* and those of the user that this process has; NULL, or 0: none */
    unsigned connections; /* at most; one more takes the place of the one that is idle or slow for
                             the longest time, else it is closed */
    size_t memory;        /* of one connection: its headers, and what its body is read through */
    int64_t patience_ms;  /* to send a request, to take a reply, between requests; 0: no limit */
    const struct http_handler *handler;
    void *cls;
};

/* h must not move afterwards. */
int http_open(struct http *h, const struct http_options *options, struct err *err) ATTR_CHECK;

/* Connections that are there go on. */
void http_stop_listening(struct http *h);

/* Whether the client of a request that waits has closed its end. */
bool http_gone(const struct http_conn *c);

/* Calls closed(cls) from the loop when h may be freed. */
void http_close(struct http *h, void (*closed)(void *cls));

/* Lets a request that waits in finish (MHD_suspend_connection) go on: finish is called again. */
void http_suspend(struct http_conn *c);
void http_resume(struct http_conn *c);

/* Ends a connection now: no byte of a reply is read from memory after this. */
void http_doom(struct http_conn *c);

/* Ends all connections, those in the listening queue too. */
void http_drop_all(struct http *h);
