package io.naru.controlplane.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
    @Test
    void shouldWriteMembersInTheOrderInWhichTheyWerePut() {
        final JsonObject object =
                new JsonObject()
                        .put("name", "s1")
                        .put("weight", 100)
                        .put("up", true)
                        .put("share", 0.25)
                        .put("why", null)
                        .put("list", List.of(1, 2));

        assertEquals(
                "{\"name\":\"s1\",\"weight\":100,\"up\":true,\"share\":0.25,\"why\":null,\"list\":[1,2]}",
                Json.format(object));
    }

    @Test
    void shouldIndentByTwoSpacesForPeople() {
        final JsonObject object =
                new JsonObject().put("a", List.of(1)).put("b", new JsonObject()).put("c", "x");

        assertEquals(
                "{\n  \"a\": [\n    1\n  ],\n  \"b\": {},\n  \"c\": \"x\"\n}", Json.pretty(object));
    }

    @Test
    void shouldEscapeWhatATerminalWouldObey() {
        assertEquals("\"\\u001b[31m\\\"\\\\\\n\\u009b\"", Json.format("\u001b[31m\"\\\n\u009b"));
    }

    @Test
    void shouldReadBackWhatItWrote() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            final Object value = randomValue(random, 0);

            assertEquals(value, Json.parse(Json.format(value)), "seed " + seed);
            assertEquals(value, Json.parse(Json.pretty(value)), "seed " + seed);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"a\":1,}        | line 1, column 8: expected a name in quotes, not '}'",
                "{\"a\" 1}         | line 1, column 6: expected ':', not '1'",
                "{\"a\":1,\"a\":2} | 'a' is given twice",
                "{a: 1}            | line 1, column 2: expected a name in quotes, not 'a'",
                "[1 2]             | line 1, column 4: expected ']', not '2'",
                "01                | line 1, column 2: expected the end, not '1'",
                "-                 | expected a digit, not the end of the text",
                "1.                | expected a digit, not the end of the text",
                "99999999999999999999 | number out of range: 99999999999999999999",
                "\"\\x\"           | expected an escape",
                "\"\\u12g4\"       | expected four hexadecimal digits, not 'g'",
                "tru               | expected true, false or null, not 't'",
                "yes               | expected a value, not 'y'",
                "\"open            | expected a closing '\"', not the end of the text",
            })
    void shouldSayWhatIsNotJsonAndWhere(final String text, final String expected) {
        final JsonException e = assertThrows(JsonException.class, () -> Json.parse(text));

        assertTrue(e.getMessage().contains(expected), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(ints = {65, 100_000})
    void shouldRefuseNestingThatWouldExhaustTheStack(final int depth) {
        final JsonException e =
                assertThrows(JsonException.class, () -> Json.parse("[".repeat(depth)));

        assertEquals("line 1, column 66: nested deeper than 64", e.getMessage());
    }

    @Test
    void shouldNeverEndInAnythingButAJsonException() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final String alphabet = "{}[]\":,\\u0019-.eEtruefalsn \n\uffff\u0000é";
        for (int i = 0; i < 50_000; i++) {
            final StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(24); n > 0; n--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            try {
                Json.parse(text.toString());
            } catch (final JsonException expected) {
                assertTrue(expected.getMessage().startsWith("line "), "seed " + seed);
            }
        }
    }

    @Test
    void shouldNameTheMemberOfTheWrongType() {
        final JsonObject object = Json.parseObject("{\"weight\": \"ten\"}");

        final JsonException e = assertThrows(JsonException.class, () -> object.number("weight", 0));

        assertEquals("'weight' must be a number", e.getMessage());
    }

    private static Object randomValue(final Random random, final int depth) {
        return switch (random.nextInt(depth > 3 ? 5 : 7)) {
            case 0 -> null;
            case 1 -> random.nextBoolean();
            case 2 -> random.nextLong();
            case 3 -> random.nextGaussian() + 0.5e-7;
            case 4 -> randomString(random);
            case 5 -> randomList(random, depth);
            default -> randomObject(random, depth);
        };
    }

    private static List<Object> randomList(final Random random, final int depth) {
        final List<Object> list = new ArrayList<>();
        for (int n = random.nextInt(4); n > 0; n--) {
            list.add(randomValue(random, depth + 1));
        }

        return list;
    }

    private static JsonObject randomObject(final Random random, final int depth) {
        final JsonObject object = new JsonObject();
        for (int n = random.nextInt(4); n > 0; n--) {
            object.put(randomString(random), randomValue(random, depth + 1));
        }

        return object;
    }

    private static String randomString(final Random random) {
        final StringBuilder out = new StringBuilder();
        for (int n = random.nextInt(6); n > 0; n--) {
            out.append((char) random.nextInt(0x10000));
        }

        return out.toString();
    }
}
