# SPDX-License-Identifier: Apache-2.0
# Fuzzers, with -DFUZZ=ON and clang: ctest fuzz_NAME runs one for FUZZ_SECONDS. What it finds is kept
# in fuzz/NAME of the build, and a failing input beside it.
set(FUZZ_SECONDS 5 CACHE STRING "How long ctest runs each fuzzer")

# clambda_fuzzer(NAME LINK targets... [SOURCES ...] [SEEDS folders...] [ARGS ...]): fuzz_NAME.c beside
# this file; folders and files are relative to it. The linked layers are compiled with coverage.
function(clambda_fuzzer name)
    cmake_parse_arguments(arg "" "" "LINK;SOURCES;SEEDS;ARGS" ${ARGN})
    set(here ${CMAKE_CURRENT_FUNCTION_LIST_DIR})
    list(TRANSFORM arg_SOURCES PREPEND ${here}/)
    add_executable(fuzz_${name} ${here}/fuzz_${name}.c ${arg_SOURCES})
    target_include_directories(fuzz_${name} PRIVATE ${here} ${here}/../unit)
    target_link_libraries(fuzz_${name} PRIVATE ${arg_LINK} clambda_flags)
    target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer-no-link)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    set(work ${CMAKE_BINARY_DIR}/fuzz/${name})
    file(MAKE_DIRECTORY ${work})
    add_test(NAME fuzz_${name} WORKING_DIRECTORY ${here}
        COMMAND fuzz_${name} -max_total_time=${FUZZ_SECONDS} -artifact_prefix=${work}- ${arg_ARGS}
            ${work} ${arg_SEEDS})
    set_tests_properties(fuzz_${name} PROPERTIES TIMEOUT 1800)
endfunction()

if(FUZZ)
    foreach(layer base decode)
        target_compile_options(${layer} PRIVATE -fsanitize=fuzzer-no-link)
        target_link_options(${layer} INTERFACE -fsanitize=fuzzer-no-link)
    endforeach()
    foreach(part decode rapi core jail env pack deploy api gateway pattern mapping simulate trace compare)
        include(${CMAKE_CURRENT_LIST_DIR}/${part}.cmake OPTIONAL)
    endforeach()
endif()
