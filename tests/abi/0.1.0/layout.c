/* SPDX-License-Identifier: Apache-2.0 */
/* Prints what of the headers a compiled module holds: sizes, places of members, numbers. */
#include <lambda.h>
#include <stdio.h>

#define SIZE(T)      printf("sizeof %s %zu %zu\n", #T, sizeof(T), _Alignof(T))
#define PLACE(T, m)  printf("offset %s.%s %zu\n", #T, #m, offsetof(T, m))
#define NUMBER(name) printf("number %s %lld\n", #name, (long long)(name))

static void print_module(void)
{
    SIZE(struct lambda_module);
    PLACE(struct lambda_module, abi);
    PLACE(struct lambda_module, size);
    PLACE(struct lambda_module, handler_size);
    PLACE(struct lambda_module, nhandlers);
    PLACE(struct lambda_module, handlers);
    SIZE(struct lambda_handler);
    PLACE(struct lambda_handler, event);
    PLACE(struct lambda_handler, match);
    PLACE(struct lambda_handler, type);
    PLACE(struct lambda_handler, record);
    PLACE(struct lambda_handler, records);
    PLACE(struct lambda_handler, records_offset);
    PLACE(struct lambda_handler, id_offset);
    PLACE(struct lambda_handler, group_offset);
    PLACE(struct lambda_handler, order_offset);
    PLACE(struct lambda_handler, mode);
    PLACE(struct lambda_handler, partial);
    PLACE(struct lambda_handler, has_group);
    PLACE(struct lambda_handler, fn);
}

static void print_types(void)
{
    SIZE(struct lambda_type);
    PLACE(struct lambda_type, name);
    PLACE(struct lambda_type, size);
    PLACE(struct lambda_type, nfields);
    PLACE(struct lambda_type, fields);
    PLACE(struct lambda_type, plan);
    SIZE(struct lambda_field);
    PLACE(struct lambda_field, key);
    PLACE(struct lambda_field, key_len);
    PLACE(struct lambda_field, kind);
    PLACE(struct lambda_field, flags);
    PLACE(struct lambda_field, offset);
    PLACE(struct lambda_field, sub);
}

static void print_values(void)
{
    SIZE(lambda_str);
    PLACE(lambda_str, len);
    SIZE(lambda_bytes);
    PLACE(lambda_bytes, len);
    SIZE(lambda_json);
    PLACE(lambda_json, len);
    SIZE(lambda_epoch);
    SIZE(lambda_opt_i64);
    PLACE(lambda_opt_i64, present);
    SIZE(lambda_opt_bool);
    PLACE(lambda_opt_bool, present);
    SIZE(lambda_strs);
    PLACE(lambda_strs, len);
    SIZE(lambda_bytes_list);
    PLACE(lambda_bytes_list, len);
    SIZE(lambda_pair);
    PLACE(lambda_pair, value);
    SIZE(lambda_map);
    PLACE(lambda_map, len);
}

static void print_numbers(void)
{
    NUMBER(LAMBDA_ABI);
    NUMBER(LAMBDA_TRACE);
    NUMBER(LAMBDA_DEBUG);
    NUMBER(LAMBDA_INFO);
    NUMBER(LAMBDA_WARN);
    NUMBER(LAMBDA_ERROR);
    NUMBER(LAMBDA_FATAL);
    NUMBER(LAMBDA_K_STR);
    NUMBER(LAMBDA_K_I64);
    NUMBER(LAMBDA_K_F64);
    NUMBER(LAMBDA_K_BOOL);
    NUMBER(LAMBDA_K_EPOCH);
    NUMBER(LAMBDA_K_BYTES);
    NUMBER(LAMBDA_K_JSON);
    NUMBER(LAMBDA_K_STRS);
    NUMBER(LAMBDA_K_BYTES_LIST);
    NUMBER(LAMBDA_K_MAP);
    NUMBER(LAMBDA_K_OPT_I64);
    NUMBER(LAMBDA_K_OPT_BOOL);
    NUMBER(LAMBDA_K_OBJ);
    NUMBER(LAMBDA_K_LIST);
    NUMBER(LAMBDA_K_MAP_LIST);
    NUMBER(LAMBDA_FIELD_ALIAS);
    NUMBER(LAMBDA_M_RAW);
    NUMBER(LAMBDA_M_EVENT);
    NUMBER(LAMBDA_M_EACH);
    NUMBER(LAMBDA_M_INIT);
    NUMBER(LAMBDA_M_SHUTDOWN);
    NUMBER(LAMBDA_P_NONE);
    NUMBER(LAMBDA_P_QUEUE);
    NUMBER(LAMBDA_P_STREAM);
}

int main(void)
{
    print_module();
    print_types();
    print_values();
    print_numbers();
    return 0;
}
