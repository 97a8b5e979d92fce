from chat_backend.services.plugin_check import leans_on

PLUGIN = """\
import json
from chat_backend.websocket.bridge import AgentWebSocketBridge
"""


def test_a_plugin_names_what_it_leans_on():
    (statement,) = leans_on(PLUGIN)
    assert "AgentWebSocketBridge" in statement


def test_a_plugin_that_needs_nothing_of_ours_is_free():
    assert leans_on("import json") == []
