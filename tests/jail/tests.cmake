# SPDX-License-Identifier: Apache-2.0
# The probe is static and plain: inside the jail, nothing of a sanitizer's would work.
add_executable(jail_probe ${CMAKE_CURRENT_LIST_DIR}/probe.c)
target_compile_definitions(jail_probe PRIVATE _GNU_SOURCE)
target_compile_options(jail_probe PRIVATE -Wall -Wextra)
target_link_options(jail_probe PRIVATE -static)

add_executable(jail_escape_probe ${CMAKE_CURRENT_LIST_DIR}/escape.c
    ${CMAKE_CURRENT_LIST_DIR}/escape_files.c ${CMAKE_CURRENT_LIST_DIR}/escape_net.c
    ${CMAKE_CURRENT_LIST_DIR}/escape_rights.c ${CMAKE_CURRENT_LIST_DIR}/escape_stay.c)
target_compile_definitions(jail_escape_probe PRIVATE _GNU_SOURCE)
target_compile_options(jail_escape_probe PRIVATE -Wall -Wextra)
target_link_options(jail_escape_probe PRIVATE -static)

add_executable(jail_filter_probe ${CMAKE_CURRENT_LIST_DIR}/probe_filter.c)
target_compile_definitions(jail_filter_probe PRIVATE _GNU_SOURCE)
target_compile_options(jail_filter_probe PRIVATE -Wall -Wextra)
target_link_options(jail_filter_probe PRIVATE -static)

foreach(part inside limits life policy_inside)
    add_executable(jail_${part} ${CMAKE_CURRENT_LIST_DIR}/test_${part}.c
        ${CMAKE_CURRENT_LIST_DIR}/rig.c)
    target_include_directories(jail_${part} PRIVATE ${CMAKE_CURRENT_LIST_DIR} unit)
    target_link_libraries(jail_${part} PRIVATE jail clambda_flags)
    add_dependencies(jail_${part} jail_probe)
    target_compile_definitions(jail_${part} PRIVATE PROBE_PATH="$<TARGET_FILE:jail_probe>"
        POLICY_PATH="${CMAKE_SOURCE_DIR}/sandbox/jail/lambda.policy")
    add_test(NAME jail_${part} COMMAND jail_${part})
    set_tests_properties(jail_${part} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 1800
        RESOURCE_LOCK slot_ids)
endforeach()
target_sources(jail_policy_inside PRIVATE unit/policy_model.c unit/policy_rows.c)
add_dependencies(jail_policy_inside jail_filter_probe)
target_compile_definitions(jail_policy_inside PRIVATE
    FILTER_PROBE_PATH="$<TARGET_FILE:jail_filter_probe>")

foreach(part escape stay)
    add_executable(jail_${part} ${CMAKE_CURRENT_LIST_DIR}/test_${part}.c
        ${CMAKE_CURRENT_LIST_DIR}/escape_rows.c ${CMAKE_CURRENT_LIST_DIR}/rig.c)
    target_include_directories(jail_${part} PRIVATE ${CMAKE_CURRENT_LIST_DIR} unit)
    target_link_libraries(jail_${part} PRIVATE jail clambda_flags)
    add_dependencies(jail_${part} jail_escape_probe)
    target_compile_definitions(jail_${part} PRIVATE PROBE_PATH="$<TARGET_FILE:jail_escape_probe>"
        POLICY_PATH="${CMAKE_SOURCE_DIR}/sandbox/jail/lambda.policy")
    add_test(NAME jail_${part} COMMAND jail_${part})
    set_tests_properties(jail_${part} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 1800
        RESOURCE_LOCK slot_ids)
endforeach()

add_test(NAME jail_as_user COMMAND python3 -B ${CMAKE_CURRENT_LIST_DIR}/as_user.py
    $<TARGET_FILE:jail_probe> $<TARGET_FILE:jail_escape_probe> $<TARGET_FILE:jail_filter_probe>
    ${CMAKE_SOURCE_DIR}/sandbox/jail/lambda.policy -- $<TARGET_FILE:jail_inside> $<TARGET_FILE:jail_limits>
    $<TARGET_FILE:jail_life> $<TARGET_FILE:jail_policy_inside> $<TARGET_FILE:jail_escape> $<TARGET_FILE:jail_stay>)
set_tests_properties(jail_as_user PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 1800
    RESOURCE_LOCK "slot_ids;nobody")
