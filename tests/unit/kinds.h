/* SPDX-License-Identifier: Apache-2.0 */
/* A struct with every kind of member, for tests. */
#pragma once

#include "lambda.h"

struct kinds_inner {
    lambda_str s;
    bool b;
};
LAMBDA_TYPE(kinds_inner, LAMBDA_F(kinds_inner, s, "s"), LAMBDA_F(kinds_inner, b, "b"));

struct kinds_flag {
    bool on;
};
LAMBDA_TYPE(kinds_flag, LAMBDA_F(kinds_flag, on, "on"));

struct kinds_pair {
    lambda_str key;
    struct kinds_flag value;
};

struct kinds {
    lambda_str str;
    int64_t i64;
    double f64;
    bool yes;
    lambda_epoch epoch;
    lambda_bytes bytes;
    lambda_json json;
    lambda_strs strs;
    lambda_bytes_list bytes_list;
    lambda_map map;
    lambda_opt_i64 opt_i64;
    lambda_opt_bool opt_bool;
    struct kinds_inner obj;
    LAMBDA_LIST(struct kinds_inner) list;
    LAMBDA_LIST(struct kinds_pair) flags;
};
LAMBDA_TYPE(kinds, LAMBDA_F(kinds, str, "str"), LAMBDA_ALIAS(kinds, str, "Str"),
            LAMBDA_F(kinds, i64, "i64"), LAMBDA_F(kinds, f64, "f64"), LAMBDA_F(kinds, yes, "yes"),
            LAMBDA_F(kinds, epoch, "epoch"), LAMBDA_F(kinds, bytes, "bytes"),
            LAMBDA_F(kinds, json, "a key that is longer than any pattern of 32 bytes"),
            LAMBDA_F(kinds, strs, "strs"), LAMBDA_F(kinds, bytes_list, "b\"l"),
            LAMBDA_F(kinds, map, "map"), LAMBDA_F(kinds, opt_i64, "opt_i64"),
            LAMBDA_F(kinds, opt_bool, "opt_bool"), LAMBDA_OBJ(kinds, obj, "", kinds_inner),
            LAMBDA_LISTOF(kinds, list, "list", kinds_inner),
            LAMBDA_MAPOF(kinds, flags, "fl\xC3\xA4gs", kinds_flag));
