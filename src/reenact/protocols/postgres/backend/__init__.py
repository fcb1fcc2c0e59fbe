"""What `responder` is made of: the parts of a PostgreSQL server's half of one connection.

connection      what is said to the client, and the one question open to the engine
session         what a server remembers between messages: status, statements, portals
startup         opening the session
simple_query    Query
prepare         Parse, and Describe of a statement
describe        Describe of a portal or a cursor
execute         Bind and Execute
copy_in         COPY ... FROM STDIN, of a simple or an extended query
function_call   FunctionCall
channels        LISTEN, and the notifications that are due
statements      prepared statements and portals, as data
replies         small questions to a reply of the engine
"""
