/**
 * Protobuf and JSON, HTTP paths and methods: bytes in, bytes out, without a network and without a
 * tree in between.
 */
@NullMarked
package dev.holdfast.transcoding;

import org.jspecify.annotations.NullMarked;
