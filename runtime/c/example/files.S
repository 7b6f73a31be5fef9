/* The files of the image, as they are: MODEL, and ROWS where the program reads rows. */
    .section .model, "a"
    .balign 16
    .global model_file, model_file_end
model_file:
    .incbin MODEL
model_file_end:
#ifdef ROWS
    .balign 4
    .global rows_file, rows_file_end
rows_file:
    .incbin ROWS
rows_file_end:
#endif
