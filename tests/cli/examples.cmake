# SPDX-License-Identifier: Apache-2.0
# Sample events, and the examples as their pages show them.
add_test(NAME cli_event COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/test_event.py
    $<TARGET_FILE:clambda>)
foreach(name s3_put sqs_batch sqs_batch_regressed idempotent not_idempotent
        kinesis_records hello_cpp raw_echo stream)
    add_test(NAME cli_example_${name} COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/test_examples.py
        ${CMAKE_SOURCE_DIR} $<TARGET_FILE:clambda> ${name})
    set_tests_properties(cli_example_${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)
endforeach()
set_tests_properties(cli_event PROPERTIES TIMEOUT 900)
add_library(torn_ledger MODULE ${CMAKE_CURRENT_LIST_DIR}/torn_ledger.c
    ${CMAKE_SOURCE_DIR}/examples/idempotent/idempotent.c)
target_link_libraries(torn_ledger PRIVATE include)
set_target_properties(torn_ledger PROPERTIES PREFIX "")
add_test(NAME cli_traces COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/test_traces.py
    ${CMAKE_SOURCE_DIR} $<TARGET_FILE:clambda> ${CMAKE_BINARY_DIR}/examples
    $<TARGET_FILE:torn_ledger>)
set_tests_properties(cli_traces PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)
