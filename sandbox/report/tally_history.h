/* SPDX-License-Identifier: Apache-2.0 */
/* What became of the messages of a replay through the rules of its event source, copied into a form
 * that does not grow with the history: the messages that matter most, what happened to each, and
 * counts of all. */
#pragma once

#include "base/arena.h"
#include "simulate/history.h"
#include "simulate/judge.h"

struct tally;

#define TALLY_HISTORIES_MAX   4
#define TALLY_MESSAGES_MAX    2000  /* of one history; those with findings first, plain ones last */
#define TALLY_MARKS_MAX       200   /* of one message */
#define TALLY_MARKS_ALL       20000 /* of one history */
#define TALLY_INVOCATIONS_MAX 4000  /* of one history */
#define TALLY_NAME_MAX        200   /* bytes of a message's name */
#define TALLY_ANSWER_MAX      1024  /* bytes of an answer, a note, a finding */
#define TALLY_HISTORY_BYTES   (768u << 10) /* of all texts of one history */
#define TALLY_PRINTED_LINES   60           /* of a history, for the terminal */

/* The beginning of a text. ptr NULL: not known. */
struct tally_text {
    const char *ptr;
    size_t len;
    size_t whole; /* its length before it was cut */
};

/* One thing that happened to a message. */
struct tally_mark {
    int64_t at_ms;              /* since the history's first entry */
    int64_t until_ms;           /* INVOKED: its answer; RETRIED: not before; else at_ms */
    enum history_kind kind;     /* ANSWERED is the end of INVOKED and no mark of its own */
    enum history_status status; /* of INVOKED */
    bool answered;              /* of INVOKED: it has a status */
    bool ran;                   /* of INVOKED: the function gets it */
    bool failed;                /* of INVOKED: as the rules see it, this message was not done */
    bool to_dlq;                /* of GIVEN_UP */
    enum fault_kind fault;      /* of FAULT */
    uint32_t invocation;        /* 0: none */
    const char *text;           /* of NOTE, GIVEN_UP (why); NULL: none */
};

/* An invocation with a message that was kept. */
struct tally_invocation {
    uint32_t number, attempt;
    int64_t at_ms, until_ms;
    bool answered;
    enum history_status status;
    uint32_t messages, failed; /* in its batch */
    struct tally_text answer;
};

struct tally_message {
    uint32_t record; /* from 0 */
    const char *name;
    enum history_end end, copy; /* see history.h */
    const char *reason;         /* of a message that was given up; NULL: none */
    uint32_t deliveries;
    uint32_t throttled, retries, faults;
    int64_t end_ms;      /* since the history's first entry; of an open one its last mark */
    const char *finding; /* the first one; NULL: none */
    struct tally_mark *marks;
    size_t nmarks, marks_lost;
    size_t first_marks; /* behind so many of them those that are lost were */
};

struct tally_history {
    const char *title;       /* "calm" */
    const char *given_up_to; /* "dead-letter queue", ...: what takes what is given up; a literal */
    char *printed[2][2];     /* its first and last lines, without colour and with it */
    size_t unprinted;        /* entries between them */
    size_t arrivals_unprinted;        /* of a long history, all but the first */
    int64_t began_ms, took_ms;        /* on the virtual clock; since 1970 when the records say so */
    size_t messages;                  /* of all */
    size_t ends[HISTORY_END_COUNT];   /* of all */
    size_t copies[HISTORY_END_COUNT]; /* of those that are done: a later copy was given up, and so
                                         ended */
    size_t invocations, deliveries, retries, splits, faults;
    size_t entries;
    struct tally_message *kept; /* those with findings first, else by record */
    size_t nkept;
    struct tally_invocation *calls; /* by number */
    size_t ncalls;
    struct tally_mark *marks; /* heap, what the messages' point into */
    size_t nmarks;
    struct arena texts; /* what names, answers and notes point into */
};

struct tally_history_in {
    const char *title; /* "calm", "with faults", "smallest", "baseline"; a literal */
    const struct history *history;
    history_name name;
    void *owner;
    const struct judge_out *findings; /* of its messages; NULL: none */
};

/* Copies. ERR_LIMIT: there are TALLY_HISTORIES_MAX. */
int tally_add_history(struct tally *t, const struct tally_history_in *in,
                      struct err *err) ATTR_CHECK;

/* Each finding becomes one of the tally's: it fails the replay. */
void tally_add_judgement(struct tally *t, const struct judge_out *findings, history_name name,
                         void *owner);

/* Accepts a zeroed one. */
void tally_history_fini(struct tally_history *h);

/* What --chaos did. Texts are the owner's, as those of struct tally. */
struct tally_chaos {
    bool on;
    bool seeded;   /* seed counts */
    uint64_t seed; /* of the first round */
    size_t rounds; /* done */
    bool failed;   /* a round did */
    uint64_t failing_seed;
    const char *faults;   /* of the smallest history, as --chaos takes them; NULL: none */
    const char *smallest; /* file that has its events; NULL: none, the rest is of the whole round */
    size_t smallest_messages, smallest_faults;
    bool same;           /* the file is the trace itself */
    bool minimal;        /* nothing smaller fails; else the search was given up */
    const char *command; /* repeats what fails; NULL: nothing does */
};
