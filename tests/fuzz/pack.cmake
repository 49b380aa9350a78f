# SPDX-License-Identifier: Apache-2.0
if(FUZZ)
    add_executable(fuzz_zip ${CMAKE_CURRENT_LIST_DIR}/fuzz_zip.c)
    target_include_directories(fuzz_zip PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit)
    target_link_libraries(fuzz_zip PRIVATE pack_zip pack clambda_flags)
    target_link_options(fuzz_zip PRIVATE -fsanitize=fuzzer)
    add_test(NAME fuzz_zip COMMAND fuzz_zip -max_total_time=${FUZZ_SECONDS} -max_len=2048)
    set_tests_properties(fuzz_zip PROPERTIES TIMEOUT 600)
endif()
