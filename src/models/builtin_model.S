# The bytes of the built-in model; BUILTIN_MODEL is its path, given by CMake.
    .section .rodata
    .global ai_bot_builtin_model
    .global ai_bot_builtin_model_end
    .balign 32
ai_bot_builtin_model:
    .incbin BUILTIN_MODEL
ai_bot_builtin_model_end:
    .byte 0
    .section .note.GNU-stack,"",%progbits
