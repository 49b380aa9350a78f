# SPDX-License-Identifier: Apache-2.0
# The real bootstrap against a scripted Runtime API: one ctest per group of test_runtime.py.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(integration_handlers ${CMAKE_BINARY_DIR}/integration)

# As a user builds them: no flag but those that a shared object needs.
function(integration_handler name source)
    add_library(handler_${name} MODULE ${CMAKE_CURRENT_LIST_DIR}/handlers/${source})
    set_target_properties(handler_${name} PROPERTIES PREFIX "" OUTPUT_NAME ${name}
        LIBRARY_OUTPUT_DIRECTORY ${integration_handlers} SKIP_BUILD_RPATH ON)
    target_link_libraries(handler_${name} PRIVATE include)
endfunction()

foreach(name aged batches context crashes echo fails hooks logs mixed modes sized streams unresolved)
    integration_handler(${name} ${name}.c)
endforeach()
integration_handler(plus plus.cpp)
integration_handler(needs_gone needs_gone.c)
# Frames between the crash and the handler stay, so that a test can name them.
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/handlers/crashes.c PROPERTIES
    COMPILE_OPTIONS "-O1;-g;-fno-inline;-fno-optimize-sibling-calls")
add_library(handler_gone SHARED ${CMAKE_CURRENT_LIST_DIR}/handlers/gone.c)
set_target_properties(handler_gone PROPERTIES OUTPUT_NAME gone
    LIBRARY_OUTPUT_DIRECTORY ${integration_handlers}/elsewhere)
target_link_libraries(handler_needs_gone PRIVATE handler_gone)

foreach(group shutdown snapshot workers events api modules answers crashes program stream log memory)
    add_test(NAME integration_runtime_${group}
        COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_LIST_DIR}/test_runtime.py
            --bootstrap $<TARGET_FILE:bootstrap> --handlers ${integration_handlers} --group ${group}
            $<$<BOOL:${SANITIZE}>:--sanitized>
        COMMAND_EXPAND_LISTS)
    set_tests_properties(integration_runtime_${group} PROPERTIES TIMEOUT 900)
endforeach()
