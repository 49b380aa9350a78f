# SPDX-License-Identifier: Apache-2.0
# The command as its users see it. hostile is a function on a runtime of its own.
add_executable(hostile ${CMAKE_CURRENT_LIST_DIR}/hostile.c)
target_compile_definitions(hostile PRIVATE _GNU_SOURCE)
target_compile_options(hostile PRIVATE -O2 -Wall -Wextra)
target_link_options(hostile PRIVATE -static)
set_target_properties(hostile PROPERTIES POSITION_INDEPENDENT_CODE OFF)

foreach(name usage doctor faults life interrupt kill9 terminal outside zip record)
    add_test(NAME cli_${name} COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/test_${name}.py
        $<TARGET_FILE:clambda> $<TARGET_FILE:hostile>)
    set_tests_properties(cli_${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)
endforeach()

add_test(NAME cli_user COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/test_user.py $<TARGET_FILE:clambda>
    $<TARGET_FILE:hostile> ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
set_tests_properties(cli_user PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)

add_test(NAME cli_package COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/test_package.py
    $<TARGET_FILE:clambda> $<TARGET_FILE:hostile> ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
set_tests_properties(cli_package PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)

add_test(NAME cli_crash COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/test_crash.py $<TARGET_FILE:clambda>
    $<TARGET_FILE:hostile> $<TARGET_FILE:example_crash> ${CMAKE_SOURCE_DIR}/examples/crash)
set_tests_properties(cli_crash PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)

add_test(NAME cli_check COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/test_check.py $<TARGET_FILE:clambda>
    $<TARGET_FILE:hostile> ${CMAKE_BINARY_DIR})
set_tests_properties(cli_check PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)

add_test(NAME cli_stream COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/test_stream.py
    $<TARGET_FILE:clambda> $<TARGET_FILE:hostile> $<TARGET_FILE:handler_streams>)
set_tests_properties(cli_stream PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)

add_test(NAME cli_image COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/test_image.py $<TARGET_FILE:clambda>
    $<TARGET_FILE:hostile> ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
set_tests_properties(cli_image PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)

add_test(NAME cli_rootfs COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/test_rootfs.py $<TARGET_FILE:clambda>
    $<TARGET_FILE:hostile> $<TARGET_FILE:example_raw_echo>)
set_tests_properties(cli_rootfs PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)

foreach(name gateway gateway_image)
    add_test(NAME cli_${name} COMMAND python3 -B ${CMAKE_CURRENT_LIST_DIR}/test_${name}.py
        $<TARGET_FILE:gateway> $<TARGET_FILE:bootstrap> ${CMAKE_BINARY_DIR}/integration
        ${CMAKE_BINARY_DIR}/examples)
    set_tests_properties(cli_${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)
endforeach()

# Tests run beside each other. One of these looks for all files of one user, and a run of the others has
# some; this one looks for what a killed run has left, which anybody's next run removes.
set_tests_properties(cli_user cli_rootfs cli_doctor PROPERTIES RESOURCE_LOCK nobody)
set_tests_properties(cli_zip PROPERTIES RUN_SERIAL ON)
set_tests_properties(cli_faults cli_user cli_outside PROPERTIES COST 100)

add_library(leaky MODULE ${CMAKE_CURRENT_LIST_DIR}/leaky.c)
target_link_libraries(leaky PRIVATE include)
target_compile_definitions(leaky PRIVATE _GNU_SOURCE)
target_compile_options(leaky PRIVATE -Wall -Wextra -pthread)
target_link_options(leaky PRIVATE -pthread)
set_target_properties(leaky PROPERTIES PREFIX "")
add_test(NAME cli_replay COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/test_replay.py $<TARGET_FILE:clambda>
    $<TARGET_FILE:hostile> $<TARGET_FILE:leaky> $<TARGET_FILE:example_raw_echo>)
set_tests_properties(cli_replay PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)

# The rules of event sources. obedient does with each record what the record says, reader and each
# fail what they cannot read.
foreach(name obedient reader each)
    add_library(${name} MODULE ${CMAKE_CURRENT_LIST_DIR}/${name}.c)
    target_link_libraries(${name} PRIVATE include)
    target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
    target_compile_options(${name} PRIVATE -Wall -Wextra)
    set_target_properties(${name} PROPERTIES PREFIX "")
endforeach()
foreach(name source chaos places)
    add_test(NAME cli_${name} COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/test_${name}.py $<TARGET_FILE:clambda>
        $<TARGET_FILE:hostile> $<TARGET_FILE:obedient> ${CMAKE_SOURCE_DIR}/examples ${CMAKE_BINARY_DIR}/examples)
    set_tests_properties(cli_${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)
endforeach()

add_test(NAME cli_readers COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/test_readers.py $<TARGET_FILE:clambda>
    $<TARGET_FILE:hostile> $<TARGET_FILE:reader> $<TARGET_FILE:each> ${CMAKE_SOURCE_DIR}/examples
    ${CMAKE_BINARY_DIR}/examples)
set_tests_properties(cli_readers PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)

include(${CMAKE_CURRENT_LIST_DIR}/examples.cmake)

# What the AWS command line prints of queues and streams, replayed.
add_test(NAME rules_outputs COMMAND python3 -B ${CMAKE_CURRENT_LIST_DIR}/test_outputs.py
    $<TARGET_FILE:clambda> $<TARGET_FILE:hostile> ${CMAKE_BINARY_DIR}/examples)
set_tests_properties(rules_outputs PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 1800)
