/** The common part of all frontend codecs: messages, bodies, responses and compression. */
@NullMarked
package dev.holdfast.gateway.frontend.codec;

import org.jspecify.annotations.NullMarked;
