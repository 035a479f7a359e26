"""A business that mails each client when a job is ready: for tests of what becomes of its database.

The jobs are written as a booking program writes them, with its own keys, so that the same ones can
be written again after a restore: job J7 is client C7's, whose address is a7@example.com.
"""

PLAYBOOK = """
[workflow repair]
stages = New, Ready

[rule mail]
on = job enters Ready
by = email
"""

WORDS = {"mail/en.email": "Subject: {{job.title}}\n\nReady.\n"}


def write_jobs(shop, first, last):
    """The ready jobs `first` to `last` that are not there yet, in one transaction."""
    numbers = range(first, last + 1)
    clients = ",".join(f"('C{i}', 'A{i}', 'a{i}@example.com')" for i in numbers)
    jobs = ",".join(f"('J{i}', (SELECT id FROM client WHERE ref = 'C{i}'), 'Ready', 'T{i}')"
                    for i in numbers)
    shop.sql(f"""
        BEGIN;
        INSERT INTO client (ref, name, email) VALUES {clients} ON CONFLICT DO NOTHING;
        INSERT INTO job (ref, client_id, stage, title) VALUES {jobs} ON CONFLICT DO NOTHING;
        COMMIT;""")
