// SPDX-License-Identifier: Apache-2.0

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.Collections;
import java.util.List;
import java.util.Map;

import software.amazon.event.ruler.JsonRuleCompiler;
import software.amazon.event.ruler.Machine;
import software.amazon.event.ruler.RuleCompiler;

/** Reads a pattern and an event from two lines each, says what AWS's rule engine makes of them: 1, 0, or
 * '!' and why the pattern is refused. */
public class Patterns {
    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        PrintStream out = new PrintStream(System.out, false, "UTF-8");
        String pattern;
        while ((pattern = in.readLine()) != null) {
            String event = in.readLine();
            out.println(verdict(pattern, event).replace('\n', ' '));
        }
        out.flush();
    }

    /** As Machine.addRule does: where $or is not the operator it is a name. */
    private static List<Map<String, List<software.amazon.event.ruler.Patterns>>> compile(String pattern)
            throws Exception {
        try {
            return JsonRuleCompiler.compile(pattern);
        } catch (Exception e) {
            return Collections.singletonList(RuleCompiler.compile(pattern));
        }
    }

    /** Each combination of $or has a machine of its own: with several in one the engine gives one pair now
     * this verdict, now that, within one process. */
    private static String verdict(String pattern, String event) throws Exception {
        List<Map<String, List<software.amazon.event.ruler.Patterns>>> rules;
        try {
            rules = compile(pattern);
        } catch (Exception e) {
            return "!" + e.getMessage();
        }
        for (Map<String, List<software.amazon.event.ruler.Patterns>> rule : rules) {
            Machine machine = new Machine();
            try {
                machine.addPatternRule("rule", rule);
            } catch (RuntimeException e) {
                return "!" + e.getMessage();
            }
            if (!machine.rulesForJSONEvent(event).isEmpty())
                return "1";
        }
        return "0";
    }
}
