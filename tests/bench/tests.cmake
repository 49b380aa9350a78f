# SPDX-License-Identifier: Apache-2.0
# Programs that tests/bench/run calls. Not tests, except that the benchmark runs at all.
foreach(program bench_server bench_spawn floor_client floor_empty)
    add_executable(${program} ${CMAKE_CURRENT_LIST_DIR}/${program}.c)
    target_link_libraries(${program} PRIVATE clambda_flags)
endforeach()
add_library(bench_handlers MODULE ${CMAKE_CURRENT_LIST_DIR}/bench_handlers.c)
set_target_properties(bench_handlers PROPERTIES PREFIX "" OUTPUT_NAME bench
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
target_link_libraries(bench_handlers PRIVATE clambda_flags include)

# the parts' own benchmarks: bench_NAME.c beside this file, with what they link
foreach(part "decode;decode;decode_oracle" "jail;jail" "rules;mapping")
    list(POP_FRONT part name)
    if(EXISTS ${CMAKE_CURRENT_LIST_DIR}/bench_${name}.c AND NOT TARGET bench_${name})
        add_executable(bench_${name} ${CMAKE_CURRENT_LIST_DIR}/bench_${name}.c)
        target_link_libraries(bench_${name} PRIVATE ${part} clambda_flags)
    endif()
endforeach()

# it times each row of the jail's step tables
target_link_options(bench_jail PRIVATE -Wl,--wrap=build_run)

if(NOT SANITIZE)
    add_test(NAME bench_runs
        COMMAND ${CMAKE_CURRENT_LIST_DIR}/run --quick --build ${CMAKE_BINARY_DIR})
    set_tests_properties(bench_runs PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900 RUN_SERIAL ON)
endif()
