/**
 * The admin service of a process: its connections and resumable streams, open and ended, with sort,
 * filter and paging, and who may read them.
 */
@NullMarked
package dev.holdfast.admin;

import org.jspecify.annotations.NullMarked;
