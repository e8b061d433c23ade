/**
 * The certificates and keys in files: read in every common format, and again when the files change.
 */
@NullMarked
package dev.holdfast.core.tls;

import org.jspecify.annotations.NullMarked;
