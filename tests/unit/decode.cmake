# SPDX-License-Identifier: Apache-2.0
foreach(name decode each events faults match plan)
    clambda_unit_test(${name} LINK decode_oracle SOURCES unit/engine_portable.c)
endforeach()
target_compile_definitions(test_events PRIVATE
    FIXTURES="${CMAKE_CURRENT_LIST_DIR}/../fixtures/events")
