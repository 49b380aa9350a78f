# SPDX-License-Identifier: Apache-2.0
clambda_unit_test(package LINK deploy_parts)
clambda_unit_test(oci LINK deploy_parts)

foreach(name leaf middle)
    add_library(closure_${name} SHARED ${CMAKE_CURRENT_LIST_DIR}/closure_library.c)
    target_link_options(closure_${name} PRIVATE -nostdlib)
endforeach()
set_target_properties(closure_leaf PROPERTIES OUTPUT_NAME leaf SOVERSION 1)
set_target_properties(closure_middle PROPERTIES BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN/deps")
target_compile_definitions(closure_middle PRIVATE CLOSURE_MIDDLE)
target_link_libraries(closure_middle PRIVATE closure_leaf)
clambda_unit_test(closure LINK deploy_parts)
target_compile_definitions(test_closure PRIVATE LEAF_PATH="$<TARGET_FILE:closure_leaf>"
    MIDDLE_PATH="$<TARGET_FILE:closure_middle>")
add_dependencies(test_closure closure_leaf closure_middle)

clambda_unit_test(elf LINK deploy_parts)
target_compile_definitions(test_elf PRIVATE HANDLER_PATH="$<TARGET_FILE:example_sqs_batch>")
add_dependencies(test_elf example_sqs_batch)

clambda_unit_test(verdict SOURCES unit/verdict_rows.c LINK deploy_parts env include)
target_compile_definitions(test_verdict PRIVATE HANDLER_PATH="$<TARGET_FILE:example_sqs_batch>"
    BOOTSTRAP_PATH="$<TARGET_FILE:bootstrap>"
    ARCH="$<IF:$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},aarch64>,arm64,x86_64>")
add_dependencies(test_verdict example_sqs_batch bootstrap)
